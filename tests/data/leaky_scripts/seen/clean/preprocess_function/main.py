# expect: nothing
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import data
from preprocess import Preprocessor

X, y = data.load()
X_train, X_test, y_train, y_test = train_test_split(X, y)
pre = Preprocessor()
X_train = pre.learn(X_train)
net = MLPClassifier().fit(X_train, y_train)
print(net.score(pre.apply(X_test), y_test))
