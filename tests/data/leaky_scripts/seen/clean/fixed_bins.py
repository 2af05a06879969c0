# expect: nothing
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

d = pd.read_csv("credit.csv")
d["income_band"] = pd.cut(d["income"], [0, 20000, 50000, 100000, 1e9], labels=False)
d["ratio"] = d["debt"] / d["income"]
d["row_mean"] = d[["debt", "income"]].mean(axis=1)
a = d[["income_band", "ratio", "debt", "row_mean"]]
tr_x, te_x, tr_y, te_y = train_test_split(a, d["bad"])
t = DecisionTreeClassifier().fit(tr_x, tr_y)
print(t.score(te_x, te_y))
