# expect: code.target_encoding_before_split
import category_encoders as ce
import pandas as pd
from sklearn.model_selection import GridSearchCV
from xgboost import XGBClassifier
df = pd.read_csv("x.csv")
y = df["y"]
X = df.drop(columns="y")
enc = ce.LeaveOneOutEncoder(cols=["zip", "job"])
X = enc.fit_transform(X, y)
gs = GridSearchCV(XGBClassifier(), {"max_depth": [3, 5]}, cv=5)
gs.fit(X, y)
print(gs.best_score_)
