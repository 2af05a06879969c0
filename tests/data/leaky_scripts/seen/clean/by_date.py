# expect: nothing
import pandas as pd
from sklearn.linear_model import Ridge

load = pd.read_csv("load.csv")
load["timestamp"] = pd.to_datetime(load["timestamp"])
load = load.sort_values("timestamp")
load["yesterday"] = load["mw"].shift(24)
load = load.dropna()
train = load[load["timestamp"] < "2023-01-01"]
test = load[load["timestamp"] >= "2023-01-01"]
features = ["yesterday", "temp"]
print(Ridge().fit(train[features], train["mw"]).score(test[features], test["mw"]))
