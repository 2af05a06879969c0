# expect: code.selection_before_split
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectFromModel
from sklearn.model_selection import train_test_split
df = pd.read_csv("x.csv")
X, y = df.iloc[:, :-1], df.iloc[:, -1]
sel = SelectFromModel(RandomForestClassifier(n_estimators=100))
sel.fit(X, y)
cols = X.columns[sel.get_support()]
X_train, X_test, y_train, y_test = train_test_split(X[cols], y, test_size=0.3)
clf = RandomForestClassifier().fit(X_train, y_train)
print(clf.score(X_test, y_test))
