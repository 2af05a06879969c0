# expect: nothing
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error
df = pd.read_csv("sales.csv", parse_dates=["date"], index_col="date")
df["lag"] = df["units"].shift(1)
df = df.dropna()
train, test = df.loc[:"2020"], df.loc["2021":]
m = LinearRegression().fit(train[["lag"]], train["units"])
print(mean_absolute_error(test["units"], m.predict(test[["lag"]])))
print("naive", mean_absolute_error(test["units"], test["lag"]))
