# expect: code.resampling_before_split
from collections import Counter
import pandas as pd
from imblearn.over_sampling import BorderlineSMOTE
from imblearn.under_sampling import TomekLinks
from sklearn.model_selection import train_test_split
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
df = pd.read_csv("sepsis.csv")
X, y = df.drop(columns=["sepsis"]).to_numpy(), df["sepsis"].to_numpy()
print(Counter(y))
X, y = TomekLinks().fit_resample(*BorderlineSMOTE().fit_resample(X, y))
print(Counter(y))
A, B, a, b = train_test_split(X, y, stratify=y, random_state=3)
print(recall_score(b, LogisticRegression().fit(A, a).predict(B)))
