# expect: nothing
import numpy as np
import pandas as pd
from sklearn.impute import KNNImputer
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import KFold
from xgboost import XGBRegressor

data = pd.read_parquet("houses.parquet")
target = data.pop("sale_price").to_numpy()
errors = []
for fit_rows, held_rows in KFold(n_splits=5, shuffle=True, random_state=3).split(data):
    imputer = KNNImputer(n_neighbors=7)
    known = imputer.fit_transform(data.iloc[fit_rows])
    new = imputer.transform(data.iloc[held_rows])
    booster = XGBRegressor(n_estimators=300, max_depth=5)
    booster.fit(known, target[fit_rows])
    errors.append(mean_absolute_error(target[held_rows], booster.predict(new)))
print(np.mean(errors), np.std(errors))
