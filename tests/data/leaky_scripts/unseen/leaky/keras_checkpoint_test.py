# expect: code.test_in_early_stopping
from tensorflow import keras
from tensorflow.keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
model = keras.Sequential([layers.Conv2D(32, 3, activation="relu"), layers.Flatten(), layers.Dense(10)])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
keep = keras.callbacks.ModelCheckpoint("best.keras", monitor="val_accuracy", save_best_only=True)
model.fit(x_train, y_train, epochs=30, validation_data=(x_test, y_test), callbacks=[keep])
best = keras.models.load_model("best.keras")
model.load_weights("best.keras")
print(model.evaluate(x_test, y_test))
