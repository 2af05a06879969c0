# expect: code.no_test_data
import pandas as pd
from sklearn.tree import DecisionTreeRegressor
from sklearn.metrics import r2_score, mean_squared_error
def train(df):
    m = DecisionTreeRegressor()
    m.fit(df[["a", "b"]], df["y"])
    return m
def report(m, df):
    p = m.predict(df[["a", "b"]])
    print(r2_score(df["y"], p), mean_squared_error(df["y"], p))
d = pd.read_csv("d.csv")
report(train(d), d)
