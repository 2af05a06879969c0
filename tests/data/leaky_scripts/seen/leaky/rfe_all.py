# expect: code.selection_before_split
from sklearn.datasets import load_diabetes
from sklearn.feature_selection import RFE
from sklearn.linear_model import Lasso, LinearRegression
from sklearn.model_selection import train_test_split

bunch = load_diabetes()
rfe = RFE(LinearRegression(), n_features_to_select=4)
rfe.fit(bunch.data, bunch.target)
X = bunch.data[:, rfe.support_]
X_train, X_test, y_train, y_test = train_test_split(X, bunch.target)
print(Lasso().fit(X_train, y_train).score(X_test, y_test))
