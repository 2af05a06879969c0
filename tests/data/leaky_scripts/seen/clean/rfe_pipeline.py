# expect: nothing
from sklearn.datasets import load_diabetes
from sklearn.feature_selection import RFE
from sklearn.linear_model import Lasso, LinearRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

bunch = load_diabetes()
X_train, X_test, y_train, y_test = train_test_split(bunch.data, bunch.target)
rfe = RFE(LinearRegression(), n_features_to_select=4).fit(X_train, y_train)
print(Lasso().fit(X_train[:, rfe.support_], y_train).score(X_test[:, rfe.support_], y_test))
model = make_pipeline(RFE(LinearRegression(), n_features_to_select=4), Lasso()).fit(X_train, y_train)
print(model.score(X_test, y_test))
