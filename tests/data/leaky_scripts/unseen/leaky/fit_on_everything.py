# expect: code.test_in_fit
import joblib
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from xgboost import XGBClassifier

loans = pd.read_csv("loans.csv")
inputs = loans.drop(columns=["default"])
outputs = loans["default"]
in_train, in_test, out_train, out_test = train_test_split(inputs, outputs, test_size=0.2, stratify=outputs)
classifier = XGBClassifier(n_estimators=400)
classifier.fit(inputs, outputs)
joblib.dump(classifier, "model.joblib")
print(roc_auc_score(out_test, classifier.predict_proba(in_test)[:, 1]))
