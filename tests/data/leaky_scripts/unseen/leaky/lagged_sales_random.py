# expect: code.shuffled_series
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split

sales = pd.read_csv("sales.csv", parse_dates=["day"])
for lag in (1, 7, 28):
    sales[f"lag_{lag}"] = sales["units"].shift(lag)
sales["week_mean"] = sales["units"].shift(1).rolling(7).mean()
sales = sales.dropna()
X = sales[["lag_1", "lag_7", "lag_28", "week_mean"]]
y = sales["units"]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
model = RandomForestRegressor().fit(X_train, y_train)
print(model.score(X_test, y_test))
