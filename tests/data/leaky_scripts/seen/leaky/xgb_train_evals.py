# expect: code.test_in_early_stopping
import xgboost as xgb, pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.metrics import mean_absolute_error
df = pd.read_csv("d.csv")
X_train, X_test, y_train, y_test = train_test_split(df.drop("y", axis=1), df["y"])
dtrain = xgb.DMatrix(X_train, y_train); dtest = xgb.DMatrix(X_test, y_test)
evallist = [(dtrain, "train"), (dtest, "eval")]
bst = xgb.train({"eta": .1}, dtrain, 1000, evallist, early_stopping_rounds=10)
print(mean_absolute_error(y_test, bst.predict(dtest)))
