# expect: nothing
import numpy as np
import xgboost as xgb
from sklearn.datasets import load_svmlight_file
from sklearn.metrics import roc_auc_score
X, y = load_svmlight_file("a9a")
X_test, y_test = load_svmlight_file("a9a.t")
dtrain, dtest = xgb.DMatrix(X, y), xgb.DMatrix(X_test, y_test)
history = xgb.cv({"objective": "binary:logistic"}, dtrain, 1000, nfold=5, metrics="auc", early_stopping_rounds=20)
model = xgb.train({"objective": "binary:logistic"}, dtrain, len(history))
print(roc_auc_score(y_test, model.predict(dtest)))
