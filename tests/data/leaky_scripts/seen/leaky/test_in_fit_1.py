# expect: code.test_in_fit
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.ensemble import RandomForestRegressor
data = pd.read_csv("melb.csv")
y = data.Price
X = data.select_dtypes(exclude="object").drop("Price", axis=1)
X_train, X_valid, y_train, y_valid = train_test_split(X, y, train_size=0.8, random_state=0)
imp = SimpleImputer()
imp.fit(pd.concat([X_train, X_valid]))
X_train = imp.transform(X_train)
X_valid = imp.transform(X_valid)
print(RandomForestRegressor().fit(X_train, y_train).score(X_valid, y_valid))
