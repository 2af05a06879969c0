# expect: code.target_encoding_before_split
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split

flats = pd.read_csv("flats.csv")
by_city = flats.groupby("city")["price"].mean()
flats["city_level"] = flats["city"].map(by_city)
X = flats[["rooms", "area", "city_level"]]
y = flats["price"]
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
forest = RandomForestRegressor(n_estimators=200).fit(X_train, y_train)
print(forest.score(X_test, y_test))
