# expect: code.shuffled_series
import polars as pl
from sklearn.model_selection import train_test_split
from sklearn.linear_model import LinearRegression
df = pl.read_csv("fx.csv").sort("timestamp")
df = df.with_columns([pl.col("price").shift(i).alias(f"lag{i}") for i in range(1, 6)]).drop_nulls()
X = df.drop(["timestamp", "price"]).to_numpy()
y = df["price"].to_numpy()
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
print(LinearRegression().fit(X_train, y_train).score(X_test, y_test))
