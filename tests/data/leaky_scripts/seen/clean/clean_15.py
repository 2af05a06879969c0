# expect: nothing
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
class Forecaster:
    def __init__(self, path):
        self.df = pd.read_csv(path, parse_dates=["date"]).sort_values("date")
    def features(self):
        self.df["ema"] = self.df["close"].ewm(span=10).mean()
        self.df["target"] = self.df["close"].shift(-1)
        self.df = self.df.dropna()
    def split(self, share=0.8):
        n = int(len(self.df) * share)
        return self.df.iloc[:n], self.df.iloc[n:]
    def fit(self):
        train, test = self.split()
        model = RandomForestRegressor().fit(train[["ema"]], train["target"])
        return model.score(test[["ema"]], test["target"])
f = Forecaster("btc.csv")
f.features()
print(f.fit())
