# expect: code.statistics_before_split
import pandas as pd
from sklearn.linear_model import LogisticRegression
df = pd.read_csv("d.csv")
for c in ["a", "b"]:
    lo, hi = df[c].quantile(0.01), df[c].quantile(0.99)
    df[c] = df[c].clip(lo, hi)
msk = df["u"] < 0.8
tr, te = df[msk], df[~msk]
m = LogisticRegression().fit(tr[["a", "b"]], tr["y"])
print(m.score(te[["a", "b"]], te["y"]))
