# expect: code.fit_before_split
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
df = pd.read_csv("homes.csv")
km = KMeans(n_clusters=8, random_state=0)
df["area"] = km.fit_predict(df[["lat", "lon"]])
df = pd.get_dummies(df, columns=["area"])
X_train, X_test, y_train, y_test = train_test_split(df.drop("price", axis=1), df["price"])
print(LinearRegression().fit(X_train, y_train).score(X_test, y_test))
