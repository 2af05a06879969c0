# expect: code.fit_before_split
from sklearn.compose import make_column_transformer
from sklearn.preprocessing import StandardScaler, OneHotEncoder
from sklearn.pipeline import make_pipeline
from sklearn.impute import SimpleImputer
import pandas as pd
class Data:
    def __init__(self, path):
        self.df = pd.read_csv(path)
    @property
    def features(self):
        return self.df.drop(columns="y")
class Trainer:
    def __init__(self, data):
        self.data = data
        num = make_pipeline(SimpleImputer(), StandardScaler())
        self.pre = make_column_transformer((num, ["a"]), (OneHotEncoder(), ["b"]))
    def run(self):
        from sklearn.model_selection import train_test_split
        from sklearn.linear_model import LogisticRegression
        X = self.pre.fit_transform(self.data.features)
        y = self.data.df["y"]
        self.parts = train_test_split(X, y)
        Xtr, Xte, ytr, yte = self.parts
        return LogisticRegression().fit(Xtr, ytr).score(Xte, yte)
print(Trainer(Data("d.csv")).run())
