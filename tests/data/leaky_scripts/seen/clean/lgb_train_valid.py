# expect: nothing
import lightgbm as lgb
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

df = pd.read_csv("ctr.csv")
X_train, X_test, y_train, y_test = train_test_split(df.drop("click", axis=1), df["click"], test_size=0.1)
X_fit, X_valid, y_fit, y_valid = train_test_split(X_train, y_train, test_size=0.1)
dtrain = lgb.Dataset(X_fit, label=y_fit)
dvalid = lgb.Dataset(X_valid, label=y_valid, reference=dtrain)
booster = lgb.train({"objective": "binary"}, dtrain, 5000, valid_sets=[dvalid], callbacks=[lgb.early_stopping(100)])
print(roc_auc_score(y_test, booster.predict(X_test)))
