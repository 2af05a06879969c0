# expect: nothing
import pandas as pd
import seaborn as sns
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

df = pd.read_csv("ames.csv")
sns.heatmap(df.corr())
train, test = train_test_split(df, random_state=0)
correlation = train.corr()["SalePrice"].abs().sort_values(ascending=False)
chosen = correlation[correlation > 0.5].index.drop("SalePrice")
model = LinearRegression().fit(train[chosen], train["SalePrice"])
print(model.score(test[chosen], test["SalePrice"]))
