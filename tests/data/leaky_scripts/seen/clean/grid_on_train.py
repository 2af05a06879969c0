# expect: nothing
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import GridSearchCV, train_test_split

df = pd.read_csv("concrete.csv")
X_train, X_test, y_train, y_test = train_test_split(df.iloc[:, :-1], df.iloc[:, -1])
search = GridSearchCV(RandomForestRegressor(random_state=0), {"max_depth": [4, 8, 16]}, cv=3)
search.fit(X_train, y_train)
model = RandomForestRegressor(**search.best_params_).fit(X_train, y_train)
print(model.score(X_test, y_test))
