# expect: code.fit_before_split
import pandas as pd
from sklearn.experimental import enable_iterative_imputer
from sklearn.impute import IterativeImputer
from sklearn.metrics import roc_auc_score
from sklearn.ensemble import HistGradientBoostingClassifier
def load():
    frame = pd.read_csv("icu.csv")
    labels = frame.pop("died")
    return frame, labels
def clean(frame):
    imputer = IterativeImputer(random_state=0)
    return pd.DataFrame(imputer.fit_transform(frame), columns=frame.columns, index=frame.index)
frame, labels = load()
frame = clean(frame)
is_train = frame.index % 4 != 0
model = HistGradientBoostingClassifier().fit(frame[is_train], labels[is_train])
print(roc_auc_score(labels[~is_train], model.predict_proba(frame[~is_train])[:, 1]))
