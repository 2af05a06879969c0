# expect: code.target_encoding_before_split
import polars as pl
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
df = pl.read_csv("x.csv")
means = df.group_by("city").agg(pl.col("price").mean().alias("city_price"))
df = df.join(means, on="city")
X = df.select(["city_price", "rooms"]).to_numpy()
y = df["price"].to_numpy()
X_train, X_test, y_train, y_test = train_test_split(X, y)
print(Ridge().fit(X_train, y_train).score(X_test, y_test))
