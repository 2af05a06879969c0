# expect: nothing
import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import Normalizer, PolynomialFeatures, normalize

texts, labels = np.load("texts.npy", allow_pickle=True), np.load("labels.npy")
X = HashingVectorizer().transform(texts)
X = normalize(Normalizer().fit_transform(X))
X_train, X_test, y_train, y_test = train_test_split(X, labels)
print(SGDClassifier().fit(X_train, y_train).score(X_test, y_test))
