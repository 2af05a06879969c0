# expect: code.selection_before_split
import numpy as np
from sklearn.linear_model import LassoCV, LinearRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
data = np.load("qsar.npz")
X, y = data["X"], data["y"]
lasso = LassoCV(cv=5).fit(X, y)
support = np.where(lasso.coef_ != 0)[0]
X = X[:, support]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25)
print(LinearRegression().fit(X_train, y_train).score(X_test, y_test))
