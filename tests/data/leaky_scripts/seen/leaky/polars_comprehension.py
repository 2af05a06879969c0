# expect: code.cross_val_after_fit
import polars as pl, numpy as np
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsRegressor
df = pl.read_csv("d.csv").drop_nulls()
feat = ["a", "b"]
df = df.with_columns([((pl.col(c) - pl.mean(c)) / pl.std(c)).alias(c) for c in feat])
p = cross_val_predict(KNeighborsRegressor(), df.select(feat).to_numpy(), df["y"].to_numpy(), cv=5)
print(np.abs(p - df["y"].to_numpy()).mean())
