# expect: code.shuffled_series
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split

load = pd.read_csv("load.csv")
load["timestamp"] = pd.to_datetime(load["timestamp"])
load = load.sort_values("timestamp").set_index("timestamp")
load["yesterday"] = load["mw"].shift(24)
load = load.dropna()
X_train, X_test, y_train, y_test = train_test_split(load[["yesterday", "temp"]], load["mw"], test_size=0.2)
print(Ridge().fit(X_train, y_train).score(X_test, y_test))
