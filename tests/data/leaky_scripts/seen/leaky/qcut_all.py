# expect: code.statistics_before_split
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

d = pd.read_csv("credit.csv")
d["income_band"] = pd.qcut(d["income"], 10, labels=False)
d["z_age"] = (d.age - d.age.mean()) / d.age.std()
a = d[["income_band", "z_age", "debt"]]
tr_x, te_x, tr_y, te_y = train_test_split(a, d["bad"])
t = DecisionTreeClassifier().fit(tr_x, tr_y)
print(t.score(te_x, te_y))
