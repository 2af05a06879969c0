# expect: nothing
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

titanic = pd.read_csv("titanic.csv")
titanic["Sex"] = (titanic["Sex"] == "female").astype(int)
train_df, test_df = train_test_split(titanic, test_size=0.2)
columns = ["Age", "Fare", "Sex", "Pclass"]
impute = ColumnTransformer([("median", SimpleImputer(strategy="median"), ["Age", "Fare"])], remainder="passthrough")
clf = make_pipeline(impute, RandomForestClassifier()).fit(train_df[columns], train_df["Survived"])
print("accuracy", clf.score(test_df[columns], test_df["Survived"]))
