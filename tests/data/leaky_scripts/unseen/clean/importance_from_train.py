# expect: nothing
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.model_selection import train_test_split

churn = pd.read_csv("churn.csv")
X = churn.drop("churned", axis=1)
y = churn["churned"]
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.2)
first = LGBMClassifier(n_estimators=100).fit(X_tr, y_tr)
ranking = pd.Series(first.feature_importances_, index=X_tr.columns).sort_values(ascending=False)
keep = ranking.index[:20]
second = LGBMClassifier(n_estimators=500).fit(X_tr[keep], y_tr)
print("accuracy", second.score(X_te[keep], y_te))
