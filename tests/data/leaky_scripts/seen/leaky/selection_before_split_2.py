# expect: code.selection_before_split
import pandas as pd
import scipy.stats as ss
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
df = pd.read_csv("omics.csv")
y = df.pop("case")
pvals = {}
for col in df.columns:
    pvals[col] = ss.ttest_ind(df.loc[y == 1, col], df.loc[y == 0, col]).pvalue
keep = [c for c, p in pvals.items() if p < 0.01]
print(cross_val_score(LogisticRegression(), df[keep], y, cv=5).mean())
