# expect: code.fit_before_split
import pandas as pd
from sklearn.preprocessing import StandardScaler
from sklearn.linear_model import LogisticRegression
def main():
    df = pd.read_csv("d.csv")
    cols = [c for c in df.columns if c not in ("y", "fold")]
    df[cols] = StandardScaler().fit_transform(df[cols])
    for fold in range(5):
        train = df[df.fold != fold]
        valid = df[df.fold == fold]
        m = LogisticRegression().fit(train[cols], train.y)
        print(fold, m.score(valid[cols], valid.y))
main()
