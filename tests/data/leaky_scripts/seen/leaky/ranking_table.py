# expect: code.test_in_selection
from sklearn.model_selection import train_test_split, ParameterGrid
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
import pandas as pd
df = pd.read_csv("d.csv")
X_train, X_test, y_train, y_test = train_test_split(df.drop("y", axis=1), df["y"])
rows = []
for params in ParameterGrid({"max_depth": [2, 4], "n_estimators": [10, 100]}):
    clf = RandomForestClassifier(**params).fit(X_train, y_train)
    rows.append({**params, "auc": roc_auc_score(y_test, clf.predict_proba(X_test)[:, 1])})
table = pd.DataFrame(rows).sort_values("auc", ascending=False)
best = table.iloc[0]
print(best)
