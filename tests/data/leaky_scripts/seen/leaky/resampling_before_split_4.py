# expect: code.resampling_before_split
import numpy as np
from tensorflow.keras.preprocessing.image import ImageDataGenerator
from sklearn.model_selection import train_test_split
from tensorflow.keras import layers, models
x = np.load("scans.npy"); y = np.load("labels.npy")
x_noisy = x + np.random.normal(0, 0.05, x.shape)
x_all = np.vstack([x, x_noisy])
y_all = np.hstack([y, y])
x_train, x_test, y_train, y_test = train_test_split(x_all, y_all, test_size=0.2, random_state=1)
m = models.Sequential([layers.Flatten(), layers.Dense(1, activation="sigmoid")])
m.compile("adam", "binary_crossentropy", metrics=["accuracy"])
m.fit(x_train, y_train, epochs=10)
print(m.evaluate(x_test, y_test))
