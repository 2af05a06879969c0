# expect: code.fit_before_split
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import data
from preprocess import Preprocessor

X, y = data.load()
X = Preprocessor().run(X)
X_train, X_test, y_train, y_test = train_test_split(X, y)
net = MLPClassifier().fit(X_train, y_train)
print(net.score(X_test, y_test))
