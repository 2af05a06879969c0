# expect: nothing
import polars as pl
from sklearn.linear_model import Ridge

rides = pl.read_csv("rides.csv").sample(fraction=1.0, shuffle=True, seed=5)
cut = int(rides.height * 0.8)
train = rides.head(cut)
test = rides.tail(rides.height - cut)
low, high = train["distance"].min(), train["distance"].max()
scaled = (pl.col("distance") - low) / (high - low)
train = train.with_columns(scaled.alias("distance"))
test = test.with_columns(scaled.alias("distance"))
model = Ridge().fit(train.drop("fare").to_numpy(), train["fare"].to_numpy())
print(model.score(test.drop("fare").to_numpy(), test["fare"].to_numpy()))
