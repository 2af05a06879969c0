# expect: nothing
import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.model_selection import StratifiedKFold
X = np.load("x.npy"); y = np.load("y.npy")
oof = np.zeros(len(y))
for tr, te in StratifiedKFold(5, shuffle=True).split(X, y):
    sc = StandardScaler()
    Xtr = sc.fit_transform(X[tr]); Xte = sc.transform(X[te])
    oof[te] = SVC().fit(Xtr, y[tr]).predict(Xte)
print((oof == y).mean())
