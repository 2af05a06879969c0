# expect: nothing
from .data import load_split
from .model import build
FEATURES = ["a", "b"]
def main():
    train, val, test = load_split("x.csv")
    best, best_score = None, -1
    for C in (0.1, 1, 10):
        model = build(C).fit(train[FEATURES], train["y"])
        score = model.score(val[FEATURES], val["y"])
        if score > best_score:
            best, best_score = model, score
    print("test", best.score(test[FEATURES], test["y"]))
main()
