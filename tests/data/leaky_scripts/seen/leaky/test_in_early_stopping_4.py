# expect: code.test_in_early_stopping
import xgboost as xgb
from sklearn.datasets import load_svmlight_file
from sklearn.metrics import roc_auc_score
X_train, y_train = load_svmlight_file("a9a")
X_test, y_test = load_svmlight_file("a9a.t")
clf = xgb.XGBClassifier(n_estimators=1000, eval_metric="auc", early_stopping_rounds=20)
clf.fit(X_train, y_train, eval_set=[(X_test, y_test)])
print("AUC", roc_auc_score(y_test, clf.predict_proba(X_test)[:, 1]))
