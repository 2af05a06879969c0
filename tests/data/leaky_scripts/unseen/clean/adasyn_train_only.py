# expect: nothing
import pandas as pd
from imblearn.over_sampling import ADASYN
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split

claims = pd.read_csv("claims.csv").dropna()
features, label = claims.iloc[:, :-1], claims.iloc[:, -1]
x1, x2, y1, y2 = train_test_split(features, label, random_state=7)
x1, y1 = ADASYN(random_state=7).fit_resample(x1, y1)
forest = RandomForestClassifier().fit(x1, y1)
print(classification_report(y2, forest.predict(x2)))
