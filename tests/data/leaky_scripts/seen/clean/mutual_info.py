# expect: nothing
import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.feature_selection import SelectKBest, mutual_info_classif
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

table = pd.read_csv("radiomics.csv")
y = table["malignant"]
X = table.drop(columns=["malignant", "patient_id"])
model = make_pipeline(SelectKBest(mutual_info_classif, k=25), GradientBoostingClassifier())
print(np.mean(cross_val_score(model, X, y, cv=5)))
