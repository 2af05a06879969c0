# expect: code.target_encoding_before_split
import pandas as pd
from category_encoders import TargetEncoder
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

ads = pd.read_csv("ads.csv")
y = ads["clicked"]
X = ads.drop(columns=["clicked"])
X["site"] = TargetEncoder().fit_transform(X["site"], y)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25)
print(LogisticRegression().fit(X_train, y_train).score(X_test, y_test))
