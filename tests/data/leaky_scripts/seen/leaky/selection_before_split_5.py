# expect: code.selection_before_split
import pandas as pd
from sklearn.feature_selection import VarianceThreshold, SelectPercentile, chi2
from sklearn.naive_bayes import MultinomialNB
from sklearn.model_selection import StratifiedKFold
df = pd.read_pickle("counts.pkl")
y = df["topic"]
X = SelectPercentile(chi2, percentile=10).fit(df.drop(columns="topic"), y).transform(df.drop(columns="topic"))
acc = []
for train, test in StratifiedKFold(n_splits=4).split(X, y):
    nb = MultinomialNB()
    nb.fit(X[train], y.iloc[train])
    acc.append(nb.score(X[test], y.iloc[test]))
print(sum(acc) / 4)
