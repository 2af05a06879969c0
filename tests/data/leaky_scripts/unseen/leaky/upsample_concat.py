# expect: code.resampling_before_split
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.utils import resample

df = pd.read_csv("fraud.csv")
normal = df[df.fraud == 0]
fraud = df[df.fraud == 1]
fraud_up = resample(fraud, replace=True, n_samples=len(normal), random_state=42)
df = pd.concat([normal, fraud_up]).sample(frac=1, random_state=42)
train, test = train_test_split(df, test_size=0.3, random_state=42)
clf = LogisticRegression(max_iter=500)
clf.fit(train.drop(columns=["fraud"]), train["fraud"])
print(clf.score(test.drop(columns=["fraud"]), test["fraud"]))
