# expect: code.selection_before_split
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.model_selection import train_test_split

churn = pd.read_csv("churn.csv")
X = churn.drop("churned", axis=1)
y = churn["churned"]
first = LGBMClassifier(n_estimators=100).fit(X, y)
ranking = pd.Series(first.feature_importances_, index=X.columns).sort_values(ascending=False)
keep = ranking.index[:20]
X = X[keep]
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.2)
second = LGBMClassifier(n_estimators=500).fit(X_tr, y_tr)
print("AUC-ready accuracy", second.score(X_te, y_te))
