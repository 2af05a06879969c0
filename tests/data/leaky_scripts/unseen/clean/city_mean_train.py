# expect: nothing
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split

flats = pd.read_csv("flats.csv")
train, test = train_test_split(flats, random_state=0)
train, test = train.copy(), test.copy()
by_city = train.groupby("city")["price"].mean()
train["city_level"] = train["city"].map(by_city)
test["city_level"] = test["city"].map(by_city).fillna(train["price"].mean())
columns = ["rooms", "area", "city_level"]
forest = RandomForestRegressor(n_estimators=200).fit(train[columns], train["price"])
print(forest.score(test[columns], test["price"]))
