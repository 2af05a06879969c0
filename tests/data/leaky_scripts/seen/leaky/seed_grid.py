# expect: code.random_state_searched
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, train_test_split

df = pd.read_csv("mushroom.csv")
X_train, X_test, y_train, y_test = train_test_split(df.drop(columns="edible"), df["edible"], random_state=0)
grid = {"n_estimators": [100, 300], "random_state": [0, 1, 7, 42, 1337]}
search = GridSearchCV(RandomForestClassifier(), grid, cv=5).fit(X_train, y_train)
print(search.score(X_test, y_test))
