# expect: code.random_state_searched
import numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
df = pd.read_csv("trial.csv")
def run(seed):
    tr, te = train_test_split(df, test_size=0.3, random_state=seed)
    m = LogisticRegression().fit(tr[["age", "dose"]], tr["cured"])
    return m.score(te[["age", "dose"]], te["cured"])
scores = [run(s) for s in range(100)]
best = int(np.argmax(scores))
print("seed", best, "accuracy", scores[best])
