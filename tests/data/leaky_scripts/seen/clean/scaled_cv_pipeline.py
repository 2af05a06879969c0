# expect: nothing
import pandas as pd
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, StandardScaler
from sklearn.svm import SVC

df = pd.read_csv("sonar.csv", header=None)
X = df.iloc[:, :60]
y = LabelEncoder().fit_transform(df.iloc[:, 60])
print(cross_val_score(make_pipeline(StandardScaler(), SVC()), X, y, cv=10).mean())
