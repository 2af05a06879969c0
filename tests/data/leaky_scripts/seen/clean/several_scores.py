# expect: nothing
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split

df = pd.read_csv("stroke.csv")
X_train, X_test, y_train, y_test = train_test_split(df.drop(columns="stroke"), df["stroke"], random_state=3)
for model in (LogisticRegression(), RandomForestClassifier()):
    model.fit(X_train, y_train)
    predicted = model.predict(X_test)
    print(type(model).__name__, accuracy_score(y_test, predicted), roc_auc_score(y_test, predicted))
    print("train", model.score(X_train, y_train))
