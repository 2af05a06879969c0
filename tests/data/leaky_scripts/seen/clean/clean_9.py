# expect: nothing
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
df = pd.read_csv("x.csv")
X_train, X_test, y_train, y_test = train_test_split(df[["a", "b"]], np.log1p(df["y"]), random_state=0)
m = LinearRegression().fit(X_train, y_train)
pred = m.predict(X_test)
rmse = np.sqrt(np.mean((pred - y_test) ** 2))
base = np.sqrt(np.mean((y_train.mean() - y_test) ** 2))
print(rmse, base, "best possible", min(rmse, base))
residual = y_test - pred
print((residual - residual.mean()) / residual.std())
full = LinearRegression().fit(df[["a", "b"]], np.log1p(df["y"]))
print(full.coef_)
