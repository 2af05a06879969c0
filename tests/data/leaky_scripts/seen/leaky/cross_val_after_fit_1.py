# expect: code.cross_val_after_fit
import pandas as pd
from sklearn.impute import KNNImputer
from sklearn.preprocessing import RobustScaler
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from catboost import CatBoostClassifier
df = pd.read_csv("x.csv")
y = df["y"]
X = df.drop("y", axis=1)
X = pd.DataFrame(KNNImputer().fit_transform(X), columns=X.columns)
X[X.columns] = RobustScaler().fit_transform(X)
cv = RepeatedStratifiedKFold(n_splits=5, n_repeats=3)
scores = cross_val_score(CatBoostClassifier(verbose=0), X, y, cv=cv, scoring="roc_auc")
print(scores.mean())
