# expect: nothing
import numpy as np
import pandas as pd
from lightgbm import LGBMRegressor
from sklearn.metrics import mean_absolute_error
df = pd.read_parquet("demand.parquet").sort_values("week")
for lag in (1, 2, 4):
    df[f"lag_{lag}"] = df.groupby("store")["sales"].shift(lag)
df = df.dropna()
weeks = df["week"].unique()
cutoff = weeks[-8]
train, test = df[df.week < cutoff], df[df.week >= cutoff]
features = [c for c in df.columns if c.startswith("lag_")]
errors = []
for start in weeks[-16:-8]:
    a, b = train[train.week < start], train[train.week == start]
    errors.append(mean_absolute_error(b.sales, LGBMRegressor().fit(a[features], a.sales).predict(b[features])))
print("backtest", np.mean(errors))
model = LGBMRegressor().fit(train[features], train.sales)
print("test", mean_absolute_error(test.sales, model.predict(test[features])))
