# expect: code.target_encoding_before_split
import pandas as pd
from lightgbm import LGBMRegressor
from sklearn.model_selection import train_test_split

from encoding import encode

df = pd.read_csv("listings.csv")
y = df.pop("rent")
df = encode(df, y, ["district", "agent"])
X_train, X_valid, y_train, y_valid = train_test_split(df, y, test_size=0.2, random_state=11)
model = LGBMRegressor().fit(X_train, y_train)
print(model.score(X_valid, y_valid))
