# expect: code.test_in_fit
import numpy as np
from sklearn.model_selection import KFold
from sklearn.ensemble import RandomForestRegressor
X, y = np.load("X.npy"), np.load("y.npy")
model = RandomForestRegressor(n_estimators=200)
model.fit(X, y)
scores = []
for train, test in KFold(n_splits=5, shuffle=True, random_state=0).split(X):
    scores.append(model.score(X[test], y[test]))
print(np.mean(scores))
