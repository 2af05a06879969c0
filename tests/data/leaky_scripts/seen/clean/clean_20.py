# expect: nothing
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
train = pd.read_csv("train.csv"); valid = pd.read_csv("valid.csv"); test = pd.read_csv("test.csv")
best = None
for ngram in [(1, 1), (1, 2)]:
    for C in [1, 10]:
        vec = TfidfVectorizer(ngram_range=ngram)
        clf = LogisticRegression(C=C).fit(vec.fit_transform(train.text), train.label)
        score = clf.score(vec.transform(valid.text), valid.label)
        if best is None or score > best[0]:
            best = (score, vec, clf)
_, vec, clf = best
print(clf.score(vec.transform(test.text), test.label))
