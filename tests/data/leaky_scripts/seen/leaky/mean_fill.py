# expect: code.statistics_before_split
import pandas as pd
from sklearn.model_selection import train_test_split
from xgboost import XGBRegressor

houses = pd.read_csv("houses.csv")
houses["LotFrontage"] = houses["LotFrontage"].fillna(houses["LotFrontage"].mean())
houses["Garage"].fillna(houses["Garage"].mode()[0], inplace=True)
houses = pd.get_dummies(houses)
y = houses.pop("SalePrice")
X_train, X_test, y_train, y_test = train_test_split(houses, y, random_state=5)
model = XGBRegressor().fit(X_train, y_train)
print(model.score(X_test, y_test))
