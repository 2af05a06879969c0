# expect: nothing
import numpy as np
from sklearn.ensemble import RandomForestRegressor
rng = np.random.default_rng(0)
X = rng.normal(size=(1000, 5)); y = X @ rng.normal(size=5) + rng.normal(size=1000)
idx = rng.permutation(1000)
train, val, test = idx[:600], idx[600:800], idx[800:]
best = None
for depth in (2, 4, 8):
    m = RandomForestRegressor(max_depth=depth).fit(X[train], y[train])
    s = m.score(X[val], y[val])
    if best is None or s > best[0]:
        best = (s, m)
print("test", best[1].score(X[test], y[test]))
