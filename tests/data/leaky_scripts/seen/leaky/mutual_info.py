# expect: code.selection_before_split
import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.feature_selection import mutual_info_classif
from sklearn.model_selection import cross_val_score

table = pd.read_csv("radiomics.csv")
y = table["malignant"]
X = table.drop(columns="malignant")
gain = mutual_info_classif(X, y)
top = np.argsort(gain)[-25:]
X = X.iloc[:, top]
print(cross_val_score(GradientBoostingClassifier(), X, y, cv=5).mean())
