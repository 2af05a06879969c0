# expect: nothing
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split

df = pd.read_csv("adult.csv", na_values="?").dropna()
df["income"] = df["income"].map({"<=50K": 0, ">50K": 1})
df = pd.get_dummies(df, drop_first=True)
df["hours"] = df["hours"] / 100
print(df.groupby("income")["age"].mean())
X_train, X_test, y_train, y_test = train_test_split(df.drop("income", axis=1), df["income"], stratify=df["income"])
model = LogisticRegression(max_iter=1000).fit(X_train, y_train)
print(confusion_matrix(y_test, model.predict(X_test)))
