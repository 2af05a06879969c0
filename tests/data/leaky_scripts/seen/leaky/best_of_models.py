# expect: code.test_in_selection
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

df = pd.read_csv("fetal.csv")
X_train, X_test, y_train, y_test = train_test_split(df.drop(columns="state"), df["state"])
models = {"forest": RandomForestClassifier(), "logistic": LogisticRegression(), "svm": SVC()}
results = {}
for name, model in models.items():
    model.fit(X_train, y_train)
    results[name] = f1_score(y_test, model.predict(X_test), average="macro")
best = max(results, key=results.get)
print("best model", best, results[best])
