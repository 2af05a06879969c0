# expect: code.no_test_data
import xgboost as xgb
from sklearn.metrics import mean_squared_error
import pandas as pd
df = pd.read_csv("x.csv")
X, y = df.drop(columns="y"), df["y"]
model = xgb.XGBRegressor(n_estimators=1000)
model.fit(X, y)
preds = model.predict(X)
print("RMSE: %f" % mean_squared_error(y, preds) ** 0.5)
