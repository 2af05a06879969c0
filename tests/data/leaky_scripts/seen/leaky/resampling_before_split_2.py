# expect: code.resampling_before_split
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.ensemble import GradientBoostingClassifier
df = pd.read_csv("x.csv")
pos = df[df.target == 1]
neg = df[df.target == 0]
pos_over = pos.sample(len(neg), replace=True, random_state=0)
balanced = pd.concat([neg, pos_over], axis=0)
X = balanced.drop("target", axis=1)
y = balanced["target"]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2)
print(GradientBoostingClassifier().fit(X_train, y_train).score(X_test, y_test))
