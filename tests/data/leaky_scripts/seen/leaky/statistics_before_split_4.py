# expect: code.statistics_before_split
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit
from sklearn.ensemble import RandomForestClassifier
df = pd.read_csv("gait.csv")
sensors = [c for c in df if c.startswith("acc")]
mu = df[sensors].mean()
sigma = df[sensors].std()
df[sensors] = df[sensors].sub(mu).div(sigma)
splitter = GroupShuffleSplit(n_splits=1, test_size=0.3)
tr, te = next(splitter.split(df, groups=df["subject"]))
clf = RandomForestClassifier().fit(df.iloc[tr][sensors], df.iloc[tr]["walk"])
print(clf.score(df.iloc[te][sensors], df.iloc[te]["walk"]))
