# expect: nothing
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.svm import SVC

df = pd.read_csv("fetal.csv")
X_train, X_test, y_train, y_test = train_test_split(df.drop(columns="state"), df["state"])
models = {"forest": RandomForestClassifier(), "logistic": LogisticRegression(), "svm": SVC()}
results = {name: cross_val_score(model, X_train, y_train, scoring="f1_macro").mean() for name, model in models.items()}
best = models[max(results, key=results.get)]
best.fit(X_train, y_train)
print("f1", f1_score(y_test, best.predict(X_test), average="macro"))
