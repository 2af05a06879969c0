# expect: nothing
import pandas as pd
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from xgboost import XGBClassifier

df = pd.read_csv("higgs.csv")
X_temp, X_test, y_temp, y_test = train_test_split(df.iloc[:, 1:], df.iloc[:, 0])
X_train, X_val, y_train, y_val = train_test_split(X_temp, y_temp)
model = XGBClassifier(n_estimators=2000, early_stopping_rounds=50)
model.fit(X_train, y_train, eval_set=[(X_train, y_train), (X_val, y_val)], verbose=False)
print(log_loss(y_test, model.predict_proba(X_test)))
