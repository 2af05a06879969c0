# expect: nothing
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import KFold, train_test_split

X, y = np.load("x.npy"), np.load("y.npy")
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
best_alpha, best_error = None, np.inf
for alpha in (0.01, 0.1, 1, 10):
    errors = []
    for fit, held in KFold(5).split(X_train):
        model = Ridge(alpha=alpha).fit(X_train[fit], y_train[fit])
        errors.append(mean_squared_error(y_train[held], model.predict(X_train[held])))
    if np.mean(errors) < best_error:
        best_alpha, best_error = alpha, np.mean(errors)
final = Ridge(alpha=best_alpha).fit(X_train, y_train)
print(mean_squared_error(y_test, final.predict(X_test)))
