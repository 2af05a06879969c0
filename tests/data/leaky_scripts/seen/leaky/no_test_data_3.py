# expect: code.no_test_data
import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.metrics import classification_report, confusion_matrix
df = pd.read_csv("cells.csv")
features, target = df.filter(regex="f_"), df["type"]
pipe = make_pipeline(StandardScaler(), SVC(C=100, gamma=1))
pipe.fit(features, target)
result = pipe.predict(features)
print(confusion_matrix(target, result))
print(classification_report(target, result))
