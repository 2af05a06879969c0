# expect: code.test_in_selection
import pandas as pd
from sklearn.metrics import f1_score
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
import numpy as np
df = pd.read_csv("fraud.csv")
X_train, X_test, y_train, y_test = train_test_split(df.drop(columns="y"), df.y, stratify=df.y)
clf = LogisticRegression(max_iter=1000).fit(X_train, y_train)
p = clf.predict_proba(X_test)[:, 1]
best_t, best_f1 = 0.5, 0
for t in np.linspace(0.05, 0.95, 50):
    f1 = f1_score(y_test, p > t)
    if f1 > best_f1:
        best_t, best_f1 = t, f1
print("F1", best_f1, "at threshold", best_t)
