# expect: nothing
import polars as pl
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_absolute_error
df = pl.read_parquet("energy.parquet").sort("time").with_columns(pl.col("kwh").shift(24).alias("day_before"))
df = df.drop_nulls()
train = df.filter(pl.col("time") < pl.datetime(2023, 1, 1))
test = df.filter(pl.col("time") >= pl.datetime(2023, 1, 1))
mean, std = train["temp"].mean(), train["temp"].std()
def prepare(part):
    return part.with_columns(((pl.col("temp") - mean) / std).alias("temp_z")).select("day_before", "temp_z").to_numpy()
model = HistGradientBoostingRegressor(early_stopping=True, validation_fraction=0.1).fit(prepare(train), train["kwh"].to_numpy())
print(mean_absolute_error(test["kwh"].to_numpy(), model.predict(prepare(test))))
