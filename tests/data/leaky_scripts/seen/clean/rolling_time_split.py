# expect: nothing
import pandas as pd
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import TimeSeriesSplit, cross_val_score, train_test_split

fx = pd.read_csv("eurusd.csv", parse_dates=["time"])
fx["return"] = fx["close"].pct_change()
fx["volatility"] = fx["return"].rolling(20).std()
fx["next"] = fx["return"].shift(-1)
fx = fx.dropna()
X, y = fx[["return", "volatility"]], fx["next"]
print(cross_val_score(GradientBoostingRegressor(), X, y, cv=TimeSeriesSplit(n_splits=5)).mean())
X_train, X_test, y_train, y_test = train_test_split(X, y, shuffle=False)
print(GradientBoostingRegressor().fit(X_train, y_train).score(X_test, y_test))
