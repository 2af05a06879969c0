# expect: nothing
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

images = np.load("images.npy") / 255.0
labels = np.load("labels.npy")
X_train, X_test, y_train, y_test = train_test_split(images, labels, test_size=0.2)
X_train = np.concatenate([X_train, X_train[:, :, ::-1]])
y_train = np.concatenate([y_train, y_train])
forest = RandomForestClassifier().fit(X_train.reshape(len(X_train), -1), y_train)
print(forest.score(X_test.reshape(len(X_test), -1), y_test))
