# expect: nothing
import numpy as np
import pandas as pd
from keras.layers import LSTM, Dense
from keras.models import Sequential
from sklearn.preprocessing import MinMaxScaler

prices = pd.read_csv("stock.csv", index_col="Date")[["Close"]].values
split = int(len(prices) * 0.8)
scaler = MinMaxScaler(feature_range=(0, 1)).fit(prices[:split])
train, test = scaler.transform(prices[:split]), scaler.transform(prices[split:])


def windows(series, look_back=30):
    xs, ys = [], []
    for i in range(len(series) - look_back):
        xs.append(series[i : i + look_back, 0])
        ys.append(series[i + look_back, 0])
    return np.array(xs), np.array(ys)


X_train, y_train = windows(train)
X_test, y_test = windows(test)
model = Sequential([LSTM(50), Dense(1)])
model.compile(loss="mse", optimizer="adam")
model.fit(X_train, y_train, epochs=20)
print(model.evaluate(X_test, y_test))
