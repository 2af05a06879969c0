# expect: code.fit_before_split
import numpy as np
import pandas as pd
from sklearn.impute import KNNImputer
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import KFold
from xgboost import XGBRegressor

data = pd.read_parquet("houses.parquet")
target = data.pop("sale_price").to_numpy()
filled = KNNImputer(n_neighbors=7).fit_transform(data)
errors = []
for fit_rows, held_rows in KFold(n_splits=5, shuffle=True, random_state=3).split(filled):
    booster = XGBRegressor(n_estimators=300, max_depth=5)
    booster.fit(filled[fit_rows], target[fit_rows])
    errors.append(mean_absolute_error(target[held_rows], booster.predict(filled[held_rows])))
print(np.mean(errors), np.std(errors))
