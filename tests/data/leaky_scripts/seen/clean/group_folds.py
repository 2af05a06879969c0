# expect: nothing
import pandas as pd
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.ensemble import RandomForestClassifier
df = pd.read_csv("d.csv").sort_values("date")
df["prev"] = df.groupby("user")["spend"].shift(1).fillna(0)
X = df[["prev", "spend"]]
print(cross_val_score(RandomForestClassifier(), X, df["y"], groups=df["user"], cv=GroupKFold(5)).mean())
