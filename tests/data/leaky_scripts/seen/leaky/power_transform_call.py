# expect: code.fit_before_split
import numpy as np
from scipy.stats import zscore
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import power_transform

X = np.load("features.npy")
y = np.load("target.npy")
X = zscore(power_transform(X))
X_train, X_test, y_train, y_test = train_test_split(X, y)
print(LinearRegression().fit(X_train, y_train).score(X_test, y_test))
