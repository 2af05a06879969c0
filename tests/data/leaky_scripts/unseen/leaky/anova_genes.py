# expect: code.selection_before_split
import numpy as np
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.naive_bayes import GaussianNB

genes = np.loadtxt("expression.tsv", delimiter="\t")
outcome = np.loadtxt("outcome.txt", dtype=int)
selector = SelectKBest(f_classif, k=50)
informative = selector.fit_transform(genes, outcome)
scores = cross_val_score(GaussianNB(), informative, outcome, cv=StratifiedKFold(10))
print(f"accuracy {scores.mean():.3f} +- {scores.std():.3f}")
