# expect: code.resampling_before_split
import pandas as pd
from imblearn.over_sampling import SMOTE
from sklearn.model_selection import train_test_split
from xgboost import XGBClassifier

df = pd.read_csv("creditcard.csv")
X, y = df.drop("Class", axis=1), df["Class"]
X_res, y_res = SMOTE(random_state=2).fit_resample(X, y)
X_train, X_test, y_train, y_test = train_test_split(X_res, y_res, test_size=0.2)
model = XGBClassifier().fit(X_train, y_train)
print(model.score(X_test, y_test))
