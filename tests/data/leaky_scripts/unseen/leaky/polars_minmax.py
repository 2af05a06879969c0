# expect: code.statistics_before_split
import polars as pl
from sklearn.linear_model import Ridge

rides = pl.read_csv("rides.csv")
rides = rides.with_columns(
    ((pl.col("distance") - pl.col("distance").min()) / (pl.col("distance").max() - pl.col("distance").min())).alias("distance")
)
rides = rides.sample(fraction=1.0, shuffle=True, seed=5)
cut = int(rides.height * 0.8)
train = rides.head(cut)
test = rides.tail(rides.height - cut)
model = Ridge().fit(train.drop("fare").to_numpy(), train["fare"].to_numpy())
print(model.score(test.drop("fare").to_numpy(), test["fare"].to_numpy()))
