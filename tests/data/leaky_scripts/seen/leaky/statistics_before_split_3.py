# expect: code.statistics_before_split
import numpy as np
import jax.numpy as jnp
from sklearn.linear_model import Ridge
data = np.loadtxt("airfoil.dat")
data -= data.mean(0)
data /= data.std(0)
np.random.seed(0)
np.random.shuffle(data)
train, test = np.split(data, [int(0.8 * len(data))])
model = Ridge().fit(train[:, :-1], train[:, -1])
print(np.mean((model.predict(test[:, :-1]) - test[:, -1]) ** 2))
