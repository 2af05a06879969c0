# expect: code.fit_before_split
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split

titanic = pd.read_csv("titanic.csv")
numbers = ["Age", "Fare"]
imputer = SimpleImputer(strategy="median")
titanic[numbers] = imputer.fit_transform(titanic[numbers])
titanic["Sex"] = (titanic["Sex"] == "female").astype(int)
train_df, test_df = train_test_split(titanic, test_size=0.2)
columns = ["Age", "Fare", "Sex", "Pclass"]
clf = RandomForestClassifier().fit(train_df[columns], train_df["Survived"])
print("accuracy", clf.score(test_df[columns], test_df["Survived"]))
