# expect: code.test_in_early_stopping
import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
df = pd.read_csv("x.csv")
train, test = train_test_split(df, test_size=.2)
features = [c for c in df.columns if c != "y"]
gbm = lgb.LGBMRegressor(n_estimators=5000)
gbm.fit(train[features], train["y"], eval_set=[(test[features], test["y"])], eval_metric="rmse", callbacks=[lgb.early_stopping(100), lgb.log_evaluation(100)])
pred = gbm.predict(test[features])
print(np.sqrt(np.mean((pred - test["y"]) ** 2)))
