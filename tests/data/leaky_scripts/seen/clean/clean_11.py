# expect: nothing
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
df = pd.read_csv("homes.csv")
train, test = train_test_split(df)
km = KMeans(n_clusters=8, random_state=0).fit(train[["lat", "lon"]])
train = train.assign(area=km.predict(train[["lat", "lon"]]))
test = test.assign(area=km.predict(test[["lat", "lon"]]))
cols = ["lat", "lon", "area"]
print(LinearRegression().fit(train[cols], train.price).score(test[cols], test.price))
