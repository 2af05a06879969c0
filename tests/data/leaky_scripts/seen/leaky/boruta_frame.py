# expect: code.selection_before_split
import pandas as pd
from boruta import BorutaPy
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

df = pd.read_csv("omics.csv", index_col=0)
y = df["response"].values
X = df.drop(columns=["response"])
boruta = BorutaPy(RandomForestClassifier(n_jobs=-1), n_estimators="auto")
boruta.fit(X.values, y)
X = X.loc[:, boruta.support_]
X_tr, X_te, y_tr, y_te = train_test_split(X, y, stratify=y)
print(RandomForestClassifier().fit(X_tr, y_tr).score(X_te, y_te))
