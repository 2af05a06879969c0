# expect: code.resampling_before_split
import pandas as pd
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.ensemble import RandomForestClassifier
df = pd.read_csv("d.csv")
minority = df[df["y"] == 1]
df = pd.concat([df] + [minority] * 5, ignore_index=True)
X_train, X_test, y_train, y_test = train_test_split(df.drop(columns="y"), df["y"])
print(RandomForestClassifier().fit(X_train, y_train).score(X_test, y_test))
