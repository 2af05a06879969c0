# expect: nothing
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split, cross_val_score
from sklearn.metrics import accuracy_score
df = pd.read_csv("x.csv")
df = df.drop_duplicates().dropna()
df["date"] = pd.to_datetime(df["date"])
df["month"] = df["date"].dt.month
df["n_words"] = df["text"].str.split().apply(len)
df["mean_of_three"] = df[["a", "b", "c"]].mean(axis=1)
df["max_ab"] = df[["a", "b"]].max(axis=1)
X = df[["month", "n_words", "mean_of_three", "max_ab"]]
y = (df["score"] > 3).astype(int)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=42)
models = [RandomForestClassifier(n_estimators=n, random_state=0) for n in (50, 100)]
cv = [cross_val_score(m, X_train, y_train).mean() for m in models]
best = models[cv.index(max(cv))].fit(X_train, y_train)
print(accuracy_score(y_test, best.predict(X_test)))
