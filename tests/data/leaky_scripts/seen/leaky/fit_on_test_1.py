# expect: code.fit_on_test
import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.linear_model import LogisticRegression
X_train, y_train = np.load("xtr.npy"), np.load("ytr.npy")
X_test, y_test = np.load("xte.npy"), np.load("yte.npy")
sc_train, sc_test = StandardScaler(), StandardScaler()
X_train_s = sc_train.fit_transform(X_train)
X_test_s = sc_test.fit_transform(X_test)
clf = LogisticRegression().fit(X_train_s, y_train)
print("acc", clf.score(X_test_s, y_test))
