# expect: nothing
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
df = pd.read_csv("bank.csv")
X, y = df.drop(columns="y"), df["y"].eq("yes")
pre = make_column_transformer(
    (make_pipeline(SimpleImputer(), StandardScaler()), make_column_selector(dtype_include="number")),
    (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include=object)),
)
stack = StackingClassifier([("rf", RandomForestClassifier()), ("lr", LogisticRegression())])
out = cross_validate(make_pipeline(pre, stack), X, y, cv=RepeatedKFold(n_splits=5, n_repeats=2), scoring=("roc_auc", "f1"))
print(out["test_roc_auc"].mean(), out["test_f1"].mean(), max(out["test_f1"]))
