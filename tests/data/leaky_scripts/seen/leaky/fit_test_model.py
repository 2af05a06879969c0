# expect: code.test_in_fit
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

df = pd.read_csv("data.csv")
X, y = df[["a", "b"]], df["y"]
X_train, X_test, y_train, y_test = train_test_split(X, y)
model = LogisticRegression()
model.fit(pd.concat([X_train, X_test]), pd.concat([y_train, y_test]))
print("test accuracy", model.score(X_test, y_test))
