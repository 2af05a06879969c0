# expect: code.test_in_fit
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import StandardScaler

train = pd.read_csv("train.csv")
test = pd.read_csv("test.csv")
both = pd.concat([train, test])
columns = ["a", "b", "c"]
both[columns] = StandardScaler().fit_transform(both[columns])
train = both[: len(train)]
test = both[len(train) :]
model = RandomForestClassifier().fit(train[columns], train["y"])
print(accuracy_score(test["y"], model.predict(test[columns])))
