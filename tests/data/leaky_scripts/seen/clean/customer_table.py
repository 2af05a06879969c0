# expect: nothing
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

orders = pd.read_csv("orders.csv")
customers = pd.read_csv("customers.csv")
summary = orders.groupby("customer_id").agg({"amount": ["mean", "sum"], "order_id": "count"})
summary.columns = ["amount_mean", "amount_sum", "orders"]
table = customers.merge(summary, on="customer_id", how="left").fillna(0)
X_train, X_test, y_train, y_test = train_test_split(table.drop(columns="left"), table["left"])
model = LGBMClassifier().fit(X_train, y_train)
print(roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]))
