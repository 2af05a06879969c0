# expect: code.shuffled_series
import pandas as pd
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import KFold, cross_val_score

fx = pd.read_csv("eurusd.csv", parse_dates=["time"])
fx["return"] = fx["close"].pct_change()
fx["volatility"] = fx["return"].rolling(20).std()
fx["next"] = fx["return"].shift(-1)
fx = fx.dropna()
cv = KFold(n_splits=5, shuffle=True, random_state=1)
print(cross_val_score(GradientBoostingRegressor(), fx[["return", "volatility"]], fx["next"], cv=cv).mean())
