# expect: code.selection_before_split
import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
df = pd.read_csv("x.csv")
corr = df.corr().abs()
upper = corr.where(np.triu(np.ones(corr.shape), k=1).astype(bool))
drop = [column for column in upper.columns if any(upper[column] > 0.95)]
df = df.drop(columns=drop)
Xtr, Xte, ytr, yte = train_test_split(df.drop(columns="target"), df["target"])
print(Ridge().fit(Xtr, ytr).score(Xte, yte))
