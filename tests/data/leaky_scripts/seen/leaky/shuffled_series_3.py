# expect: code.shuffled_series
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import LSTM, Dense
def create_sequences(values, steps):
    X, y = [], []
    for i in range(len(values) - steps):
        X.append(values[i:i + steps])
        y.append(values[i + steps])
    return np.array(X), np.array(y)
series = pd.read_csv("temp.csv")["t"].values
X, y = create_sequences(series, 30)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, shuffle=True)
model = Sequential([LSTM(32), Dense(1)])
model.compile("adam", "mse")
model.fit(X_train, y_train, epochs=5)
print(model.evaluate(X_test, y_test))
