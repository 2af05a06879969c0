# expect: code.test_in_early_stopping
import tensorflow as tf
(x, y), (xt, yt) = tf.keras.datasets.mnist.load_data()
x_train, y_train, x_test, y_test = x / 255, y, xt / 255, yt
model = tf.keras.models.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10, activation="softmax")])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
callbacks = [
    tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=3),
    tf.keras.callbacks.ReduceLROnPlateau(),
]
model.fit(x_train, y_train, epochs=50, validation_data=(x_test, y_test), callbacks=callbacks)
loss, acc = model.evaluate(x_test, y_test)
print(acc)
