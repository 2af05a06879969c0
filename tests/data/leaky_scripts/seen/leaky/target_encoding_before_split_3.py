# expect: code.target_encoding_before_split
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.model_selection import cross_val_score
df = pd.read_csv("clicks.csv")
for c in ["site", "device"]:
    rate = df.groupby(c).clicked.mean().to_dict()
    df[c] = df[c].map(rate)
print(cross_val_score(GradientBoostingClassifier(), df.drop(columns="clicked"), df["clicked"], scoring="roc_auc").mean())
