# expect: code.resampling_before_split
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

images = np.load("images.npy")
labels = np.load("labels.npy")
flipped = images[:, :, ::-1]
images = np.concatenate([images, flipped])
labels = np.concatenate([labels, labels])
X = images.reshape(len(images), -1)
X_train, X_test, y_train, y_test = train_test_split(X, labels, test_size=0.2)
print(RandomForestClassifier().fit(X_train, y_train).score(X_test, y_test))
