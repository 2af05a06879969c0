# expect: nothing
import pandas as pd
from category_encoders import TargetEncoder
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline

ads = pd.read_csv("ads.csv")
y = ads["clicked"]
X = ads.drop(columns=["clicked"])
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25)
model = Pipeline([("encode", TargetEncoder(cols=["site"])), ("model", LogisticRegression())])
print(model.fit(X_train, y_train).score(X_test, y_test))
