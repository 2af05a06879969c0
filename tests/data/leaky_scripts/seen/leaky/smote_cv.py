# expect: code.resampling_before_split
import pandas as pd
from imblearn.over_sampling import RandomOverSampler
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

df = pd.read_csv("churn.csv")
y = df.pop("churn")
ros = RandomOverSampler()
X_over, y_over = ros.fit_resample(df, y)
print(cross_val_score(RandomForestClassifier(), X_over, y_over, cv=10, scoring="roc_auc").mean())
