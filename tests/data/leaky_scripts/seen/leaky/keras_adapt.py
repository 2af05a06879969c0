# expect: code.fit_before_split
import tensorflow as tf
from sklearn.model_selection import train_test_split
import pandas as pd

frame = pd.read_csv("petfinder.csv")
labels = frame.pop("adopted")
normalizer = tf.keras.layers.Normalization()
normalizer.adapt(frame.values)
inputs = normalizer(frame.values)
x_train, x_test, y_train, y_test = train_test_split(frame.values, labels)
model = tf.keras.Sequential([normalizer, tf.keras.layers.Dense(1)])
model.compile(loss="mse")
model.fit(x_train, y_train, epochs=5)
print(model.evaluate(x_test, y_test))
