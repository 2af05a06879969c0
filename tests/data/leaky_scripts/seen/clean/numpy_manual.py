# expect: nothing
import numpy as np
from sklearn.linear_model import LinearRegression

data = np.genfromtxt("yacht.csv", delimiter=",")
X, y = data[:, :-1], data[:, -1]
order = np.random.RandomState(0).permutation(len(X))
n = int(0.75 * len(X))
train_ids, test_ids = order[:n], order[n:]
mu, sd = X[train_ids].mean(axis=0), X[train_ids].std(axis=0)
X = (X - mu) / sd
model = LinearRegression().fit(X[train_ids], y[train_ids])
print(model.score(X[test_ids], y[test_ids]))
