# expect: nothing
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split

df = pl.scan_parquet("visits.parquet").collect()
df = df.with_columns(pl.col("age").fill_null(0), (pl.col("income") / 1000).alias("income"))
train, test = train_test_split(df, test_size=0.2)
middle = train["age"].median()
train = train.with_columns(pl.col("age").fill_null(middle))
test = test.with_columns(pl.col("age").fill_null(middle))
model = HistGradientBoostingClassifier().fit(train.drop("bought"), train["bought"])
print(model.score(test.drop("bought"), test["bought"]))
