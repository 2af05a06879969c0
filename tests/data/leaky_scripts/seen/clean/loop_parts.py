# expect: nothing
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split

df = pd.read_csv("loan.csv")
train, test = train_test_split(df, test_size=0.2, random_state=1)
imputer = SimpleImputer().fit(train[["income", "age"]])
for part in [train, test]:
    part[["income", "age"]] = imputer.transform(part[["income", "age"]])
    part["ratio"] = part["debt"] / part["income"]
columns = ["income", "age", "ratio"]
model = RandomForestClassifier().fit(train[columns], train["default"])
for name, part in {"train": train, "test": test}.items():
    print(name, model.score(part[columns], part["default"]))
