"""Whatever parses is read: scripts with lines taken out, put twice or in another order never raise, and places are always lines of them."""

import ast
import warnings

from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.audit.code.analysis import analyse

SOURCE = """import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, cross_val_score, train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.linear_model import LogisticRegression as Model
df = pd.read_csv("a.csv")
X, y = df.drop(columns="y"), df["y"]
X = (X - X.mean()) / X.std()
X, y = y, X
scaler = StandardScaler(); scaler.fit(X)
X = scaler.transform(X)
X_train, X_test, y_train, y_test = train_test_split(X, y)
X_train, X_test = X[:80], X[80:]
model = Model().fit(X_train, y_train)
score = model.score(X_test, y_test)
scores = [Model(C=c).fit(X_train, y_train).score(X_test, y_test) for c in (1, 10)]
best = max(scores)
for a, b in KFold(5).split(X): model.fit(X[a], y[a]); score = model.score(X[b], y[b])
df["z"] = df.groupby("g")["y"].transform("mean")
df = pd.concat([df, df])
mask = df["a"] > 3; part = df[~mask]
def f(X, *rest, k=None, **more): return g(X[k], *rest, **more) if k else f(X, k=1)
def g(X): return f(X)
X = f(X, y, k=g)
class C(dict): x: int = 0; __call__ = lambda self, *a: self.get(a)
X = C()(X)[X:X, ..., None](*X, **{})
del X, df["y"]
while score > best: best, score = score, model
print(f"{best!r:>{y}}", *scores, sep=X)"""
LINES = SOURCE.splitlines()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=25))
def test_any_order_of_lines_is_read(lines):
    source = "\n".join(lines)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        ast.parse(source)
    for finding in analyse({"s.py": source}):
        assert finding.what
        for place in finding.places:
            assert place.text == lines[place.line - 1].strip()
