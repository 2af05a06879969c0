# expect: nothing
import pandas as pd
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.model_selection import cross_val_score, train_test_split
from xgboost import XGBClassifier

df = pd.read_csv("creditcard.csv")
X, y = df.drop("Class", axis=1), df["Class"]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, stratify=y)
model = make_pipeline(SMOTE(random_state=2), XGBClassifier())
print(cross_val_score(model, X_train, y_train, scoring="f1").mean())
print(model.fit(X_train, y_train).score(X_test, y_test))
