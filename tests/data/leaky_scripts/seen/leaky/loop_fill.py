# expect: code.statistics_before_split
import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedKFold

frame = pd.read_csv("train.csv")
label = frame["label"].values
for column in frame.select_dtypes("number").columns:
    frame[column] = (frame[column] - frame[column].mean()) / frame[column].std()
X = frame.drop(columns=["label", "id"]).values
scores = []
for train_idx, val_idx in StratifiedKFold(n_splits=5).split(X, label):
    trees = ExtraTreesClassifier(300).fit(X[train_idx], label[train_idx])
    scores.append((trees.predict(X[val_idx]) == label[val_idx]).mean())
print(np.mean(scores))
