# expect: nothing
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

data = pd.read_csv("cars.csv")
pre = ColumnTransformer([("num", StandardScaler(), ["km", "year"]), ("cat", OneHotEncoder(), ["brand"])])
pipe = Pipeline([("pre", pre), ("model", Ridge())])
x_tr, x_te, y_tr, y_te = train_test_split(data.drop(columns="price"), data["price"], random_state=0)
search = GridSearchCV(pipe, {"model__alpha": [0.1, 1, 10]}, cv=5).fit(x_tr, y_tr)
print(search.best_params_, search.score(x_te, y_te))
