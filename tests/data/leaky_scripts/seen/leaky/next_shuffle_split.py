# expect: code.fit_before_split
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import ShuffleSplit
from sklearn.svm import SVC
import numpy as np
X = np.load("x.npy"); y = np.load("y.npy")
X = StandardScaler().fit(X).transform(X)
rs = ShuffleSplit(n_splits=1, test_size=.25)
train_index, test_index = next(rs.split(X))
m = SVC().fit(X[train_index], y[train_index])
print(m.score(X[test_index], y[test_index]))
