# expect: code.fit_on_test
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import RidgeClassifier
train = pd.read_csv("train.csv")
test = pd.read_csv("test.csv")
vec = TfidfVectorizer(max_features=500)
def encode(texts):
    svd = TruncatedSVD(50)
    return svd.fit_transform(vec.transform(texts))
vec.fit(train.text)
clf = RidgeClassifier().fit(encode(train.text), train.label)
print(clf.score(encode(test.text), test.label))
