# expect: code.statistics_before_split
import numpy as np
import tensorflow as tf
d = np.load("d.npz")
images, labels = d["images"], d["labels"]
images = images - np.mean(images, axis=0)
ds = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(1000)
train_ds = ds.take(800).batch(32)
test_ds = ds.skip(800).batch(32)
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(train_ds, epochs=3)
print(model.evaluate(test_ds))
