# expect: code.target_encoding_before_split
import pandas as pd
from sklearn.model_selection import KFold
from sklearn.linear_model import Ridge
df = pd.read_csv("d.csv")
for col in ["city", "brand"]:
    stats = df.groupby(col)["price"].agg(["mean", "count"]).reset_index()
    stats.columns = [col, col + "_mean", col + "_count"]
    df = df.merge(stats, on=col, how="left")
X = df.drop(columns=["price", "city", "brand"]); y = df["price"]
for tr, va in KFold(5).split(X):
    m = Ridge().fit(X.iloc[tr], y.iloc[tr])
    print(m.score(X.iloc[va], y.iloc[va]))
