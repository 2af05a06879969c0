# expect: code.test_in_fit
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
train = pd.read_csv("train.csv"); test = pd.read_csv("test.csv")
vec = TfidfVectorizer()
vec.fit(pd.concat([train["text"], test["text"]]))
m = LogisticRegression().fit(vec.transform(train["text"]), train["y"])
print((m.predict(vec.transform(test["text"])) == test["y"]).mean())
