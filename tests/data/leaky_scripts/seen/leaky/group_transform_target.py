# expect: code.target_encoding_before_split
import pandas as pd
from lightgbm import LGBMRegressor
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split

trips = pd.read_csv("trips.csv")
trips["zone_mean"] = trips.groupby("zone")["duration"].transform("mean")
X_train, X_test, y_train, y_test = train_test_split(trips[["zone_mean", "km"]], trips["duration"])
model = LGBMRegressor().fit(X_train, y_train)
print(mean_absolute_error(y_test, model.predict(X_test)))
