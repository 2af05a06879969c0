# expect: nothing
import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedKFold

frame = pd.read_csv("train.csv")
label = frame["label"].values
for column in frame.select_dtypes("number").columns:
    frame[column] = np.log1p(frame[column])
X = frame.drop(columns=["label", "id"]).values
scores = []
for train_idx, val_idx in StratifiedKFold(n_splits=5).split(X, label):
    mean, std = X[train_idx].mean(axis=0), X[train_idx].std(axis=0)
    trees = ExtraTreesClassifier(300).fit((X[train_idx] - mean) / std, label[train_idx])
    scores.append((trees.predict((X[val_idx] - mean) / std) == label[val_idx]).mean())
print(np.mean(scores))
