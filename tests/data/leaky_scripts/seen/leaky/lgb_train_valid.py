# expect: code.test_in_early_stopping
import lightgbm as lgb
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

df = pd.read_csv("ctr.csv")
X_train, X_test, y_train, y_test = train_test_split(df.drop("click", axis=1), df["click"], test_size=0.1)
dtrain = lgb.Dataset(X_train, label=y_train)
dtest = lgb.Dataset(X_test, label=y_test, reference=dtrain)
params = {"objective": "binary", "metric": "auc"}
booster = lgb.train(params, dtrain, 5000, valid_sets=[dtest], callbacks=[lgb.early_stopping(100)])
print(roc_auc_score(y_test, booster.predict(X_test)))
