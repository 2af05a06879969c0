# expect: code.shuffled_series
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split
class Forecaster:
    def __init__(self, path):
        self.df = pd.read_csv(path)
        self.df["date"] = pd.to_datetime(self.df["date"])
        self.df.sort_values("date", inplace=True)
    def features(self):
        self.df["ema"] = self.df["close"].ewm(span=10).mean()
        self.df["momentum"] = self.df["close"].diff(5)
        self.df["target"] = self.df["close"].shift(-1)
        self.df.dropna(inplace=True)
    def fit(self):
        X = self.df[["ema", "momentum"]]
        y = self.df["target"]
        X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2)
        model = RandomForestRegressor().fit(X_train, y_train)
        return model.score(X_test, y_test)
f = Forecaster("btc.csv")
f.features()
print(f.fit())
