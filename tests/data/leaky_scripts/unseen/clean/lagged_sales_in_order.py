# expect: nothing
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import TimeSeriesSplit, cross_val_score

sales = pd.read_csv("sales.csv", parse_dates=["day"]).sort_values("day")
for lag in (1, 7, 28):
    sales[f"lag_{lag}"] = sales["units"].shift(lag)
sales["week_mean"] = sales["units"].shift(1).rolling(7).mean()
sales = sales.dropna()
X = sales[["lag_1", "lag_7", "lag_28", "week_mean"]]
y = sales["units"]
cut = int(len(sales) * 0.8)
model = RandomForestRegressor()
print(cross_val_score(model, X[:cut], y[:cut], cv=TimeSeriesSplit(5)).mean())
print(model.fit(X[:cut], y[:cut]).score(X[cut:], y[cut:]))
