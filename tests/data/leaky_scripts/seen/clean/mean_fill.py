# expect: nothing
import pandas as pd
from sklearn.model_selection import train_test_split
from xgboost import XGBRegressor

houses = pd.read_csv("houses.csv")
houses["Garage"] = houses["Garage"].fillna("none")
houses = pd.get_dummies(houses)
y = houses.pop("SalePrice")
X_train, X_test, y_train, y_test = train_test_split(houses, y, random_state=5)
frontage = X_train["LotFrontage"].mean()
X_train["LotFrontage"] = X_train["LotFrontage"].fillna(frontage)
X_test["LotFrontage"] = X_test["LotFrontage"].fillna(frontage)
model = XGBRegressor().fit(X_train, y_train)
print(model.score(X_test, y_test))
