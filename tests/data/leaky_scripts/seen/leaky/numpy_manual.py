# expect: code.statistics_before_split
import numpy as np

data = np.genfromtxt("yacht.csv", delimiter=",")
X, y = data[:, :-1], data[:, -1]
X = (X - X.mean(axis=0)) / X.std(axis=0)
order = np.random.RandomState(0).permutation(len(X))
n = int(0.75 * len(X))
train_ids, test_ids = order[:n], order[n:]
w, *_ = np.linalg.lstsq(X[train_ids], y[train_ids], rcond=None)
from sklearn.linear_model import LinearRegression

model = LinearRegression().fit(X[train_ids], y[train_ids])
print(model.score(X[test_ids], y[test_ids]))
