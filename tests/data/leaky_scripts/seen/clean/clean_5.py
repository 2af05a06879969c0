# expect: nothing
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, StandardScaler
from tensorflow.keras.utils import to_categorical
from tensorflow import keras
df = pd.read_csv("iris.csv")
X = df.drop("Species", axis=1).values
y = to_categorical(LabelEncoder().fit_transform(df["Species"]))
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, stratify=y)
scaler = StandardScaler().fit(X_train)
X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
model = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(X_train, y_train, epochs=50, validation_split=0.1, callbacks=[keras.callbacks.EarlyStopping(patience=5)])
print(model.evaluate(X_test, y_test))
