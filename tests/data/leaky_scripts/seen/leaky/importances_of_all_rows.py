# expect: code.selection_before_split
import numpy as np, pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
df = pd.read_csv("d.csv"); y = df.pop("y")
labels = df.columns
rf = RandomForestClassifier(); rf.fit(df, y)
imp = rf.feature_importances_
idx = np.argsort(imp)[::-1]
best = df[labels[idx[0:10]]]
a,b,c,d = train_test_split(best, y)
print(RandomForestClassifier().fit(a,c).score(b,d))
