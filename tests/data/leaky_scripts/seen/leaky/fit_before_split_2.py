# expect: code.fit_before_split
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC
import json
docs = [json.loads(l) for l in open("docs.jsonl")]
texts = [d["text"] for d in docs]
labels = [d["label"] for d in docs]
X = TfidfVectorizer(max_features=20000).fit_transform(texts)
X = TruncatedSVD(100).fit_transform(X)
sss = StratifiedShuffleSplit(n_splits=1, test_size=0.2, random_state=0)
for train_idx, test_idx in sss.split(X, labels):
    X_train, X_test = X[train_idx], X[test_idx]
    y_train = [labels[i] for i in train_idx]
    y_test = [labels[i] for i in test_idx]
svm = LinearSVC().fit(X_train, y_train)
print(svm.score(X_test, y_test))
