# expect: code.selection_before_split
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

df = pd.read_csv("ames.csv")
correlation = df.corr()["SalePrice"].abs().sort_values(ascending=False)
chosen = correlation[correlation > 0.5].index.drop("SalePrice")
X_train, X_test, y_train, y_test = train_test_split(df[chosen], df["SalePrice"], random_state=0)
print(LinearRegression().fit(X_train, y_train).score(X_test, y_test))
