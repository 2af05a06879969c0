# expect: nothing
import pandas as pd
from sklearn.preprocessing import StandardScaler
from sklearn.linear_model import LogisticRegression
train = pd.read_csv("train.csv"); test = pd.read_csv("test.csv")
for df in [train, test]:
    df["ratio"] = df["a"] / df["b"]
    df["a"] = df["a"].fillna(0)
cols = ["a", "b", "ratio"]
mean = train[cols].mean(); std = train[cols].std()
for df in (train, test):
    df[cols] = (df[cols] - mean) / std
m = LogisticRegression().fit(train[cols], train["y"])
print(m.score(test[cols], test["y"]))
