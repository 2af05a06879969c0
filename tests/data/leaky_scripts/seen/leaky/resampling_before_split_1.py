# expect: code.resampling_before_split
import pandas as pd
from sklearn.model_selection import StratifiedKFold
from imblearn.combine import SMOTEENN
from lightgbm import LGBMClassifier
from sklearn.metrics import f1_score
data = pd.read_csv("x.csv")
X = data.drop(["fraud"], axis=1).values
y = data["fraud"].values
smote = SMOTEENN()
X, y = smote.fit_resample(X, y)
scores = []
for tr, va in StratifiedKFold(5).split(X, y):
    m = LGBMClassifier().fit(X[tr], y[tr])
    scores.append(f1_score(y[va], m.predict(X[va])))
print(sum(scores) / len(scores))
