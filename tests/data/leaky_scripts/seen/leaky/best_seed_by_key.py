# expect: code.random_state_searched
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC
X, y = load_iris(return_X_y=True)
def trial(seed):
    a, b, c, d = train_test_split(X, y, random_state=seed)
    return SVC().fit(a, c).score(b, d)
best = max(range(1000), key=trial)
print(best, trial(best))
