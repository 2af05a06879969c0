# expect: code.statistics_before_split
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split

df = pl.scan_parquet("visits.parquet").collect()
df = df.with_columns(
    pl.col("age").fill_null(pl.col("age").median()),
    ((pl.col("income") - pl.col("income").mean()) / pl.col("income").std()).alias("income"),
)
train, test = train_test_split(df, test_size=0.2)
model = HistGradientBoostingClassifier().fit(train.drop("bought"), train["bought"])
print(model.score(test.drop("bought"), test["bought"]))
