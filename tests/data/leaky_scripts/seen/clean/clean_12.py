# expect: nothing
import numpy as np
data = np.loadtxt("airfoil.dat")
rng = np.random.default_rng(0)
rng.shuffle(data)
train, val, test = np.split(data, [int(0.6 * len(data)), int(0.8 * len(data))])
mu, sd = train.mean(0), train.std(0)
train, val, test = (train - mu) / sd, (val - mu) / sd, (test - mu) / sd
from sklearn.linear_model import Ridge
best = min((0.1, 1.0, 10.0), key=lambda a: np.mean((Ridge(a).fit(train[:, :-1], train[:, -1]).predict(val[:, :-1]) - val[:, -1]) ** 2))
model = Ridge(best).fit(train[:, :-1], train[:, -1])
print(np.mean((model.predict(test[:, :-1]) - test[:, -1]) ** 2))
