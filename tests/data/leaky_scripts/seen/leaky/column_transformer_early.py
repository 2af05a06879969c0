# expect: code.fit_before_split
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler

data = pd.read_csv("cars.csv")
pre = ColumnTransformer([("num", StandardScaler(), ["km", "year"]), ("cat", OneHotEncoder(), ["brand"])])
features = pre.fit_transform(data.drop(columns="price"))
x_tr, x_te, y_tr, y_te = train_test_split(features, data["price"], random_state=0)
print(Ridge().fit(x_tr, y_tr).score(x_te, y_te))
