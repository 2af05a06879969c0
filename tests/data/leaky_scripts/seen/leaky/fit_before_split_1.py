# expect: code.fit_before_split
import numpy as np
import pandas as pd
from sklearn import preprocessing, model_selection, linear_model
d = pd.read_excel("x.xlsx")
Y = d.pop("label").values
Xs = preprocessing.MinMaxScaler().fit_transform(d.values)
perm = np.random.permutation(len(Xs))
cut = int(.8 * len(Xs))
Xs, Y = Xs[perm], Y[perm]
clf = linear_model.LogisticRegression().fit(Xs[:cut], Y[:cut])
print(clf.score(Xs[cut:], Y[cut:]))
