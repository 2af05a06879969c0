# expect: code.statistics_before_split
import pandas as pd
import statsmodels.api as sm
df = pd.read_csv("x.csv")
num = df.select_dtypes(include="number").columns
df[num] = df[num].apply(lambda c: (c - c.mean()) / c.std())
df["split"] = pd.Series(range(len(df))).apply(lambda i: "train" if i % 5 else "test")
train = df[df["split"] == "train"]
test = df[df["split"] == "test"]
model = sm.OLS(train["y"], train[["a", "b"]]).fit()
from sklearn.metrics import r2_score
from sklearn.linear_model import LinearRegression
lr = LinearRegression().fit(train[["a", "b"]], train["y"])
print(r2_score(test["y"], lr.predict(test[["a", "b"]])))
