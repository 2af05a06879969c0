# expect: nothing
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import StandardScaler

train = pd.read_csv("train.csv")
test = pd.read_csv("test.csv")
columns = ["a", "b", "c"]
scaler = StandardScaler().fit(train[columns])
train[columns] = scaler.transform(train[columns])
test[columns] = scaler.transform(test[columns])
both = pd.get_dummies(pd.concat([train, test]))
train, test = both[: len(train)], both[len(train) :]
model = RandomForestClassifier().fit(train[columns], train["y"])
print(accuracy_score(test["y"], model.predict(test[columns])))
