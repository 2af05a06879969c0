# expect: code.cross_val_after_fit
import pandas as pd
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

df = pd.read_csv("sonar.csv", header=None)
X = StandardScaler().fit_transform(df.iloc[:, :60])
y = df.iloc[:, 60]
print(cross_val_score(SVC(), X, y, cv=10).mean())
