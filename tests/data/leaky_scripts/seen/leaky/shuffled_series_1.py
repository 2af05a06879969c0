# expect: code.shuffled_series
import pandas as pd
from sklearn.model_selection import KFold, GridSearchCV
from sklearn.ensemble import RandomForestRegressor
df = pd.read_csv("load.csv", index_col="timestamp", parse_dates=True)
df["lag24"] = df["load"].shift(24)
df["roll"] = df["load"].shift(1).rolling(24).mean()
df = df.dropna()
X, y = df[["lag24", "roll"]], df["load"]
gs = GridSearchCV(RandomForestRegressor(), {"max_depth": [5, 10]}, cv=KFold(5, shuffle=True, random_state=0))
gs.fit(X, y)
print(gs.best_score_)
