# expect: nothing
import numpy as np
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline

genes = np.loadtxt("expression.tsv", delimiter="\t")
outcome = np.loadtxt("outcome.txt", dtype=int)
model = Pipeline([("select", SelectKBest(f_classif, k=50)), ("bayes", GaussianNB())])
scores = cross_val_score(model, genes, outcome, cv=StratifiedKFold(10))
print(f"accuracy {scores.mean():.3f} +- {scores.std():.3f}")
