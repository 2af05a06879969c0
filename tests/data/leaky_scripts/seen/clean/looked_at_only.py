# expect: nothing
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.linear_model import LogisticRegression
df = pd.read_csv("d.csv")
print(df.mean(), df.std(), df.corr())
df["age_group"] = df["age"].apply(lambda a: "old" if a > 60 else "young")
df = df[df["age"] > df["age"].min()]
df = pd.get_dummies(df)
total = df["amount"].sum()
print("total", total)
X_train, X_test, y_train, y_test = train_test_split(df.drop(columns="y"), df["y"], stratify=df["y"])
baseline = y_train.mean()
print(baseline, LogisticRegression().fit(X_train, y_train).score(X_test, y_test))
