# expect: nothing
import numpy as np
import pandas as pd
from sklearn import preprocessing, linear_model
d = pd.read_excel("x.xlsx").sample(frac=1, random_state=0)
Y = d.pop("label").values
cut = int(.8 * len(d))
sc = preprocessing.MinMaxScaler().fit(d.values[:cut])
clf = linear_model.LogisticRegression().fit(sc.transform(d.values[:cut]), Y[:cut])
print(clf.score(sc.transform(d.values[cut:]), Y[cut:]))
