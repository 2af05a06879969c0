# expect: code.fit_before_split
import pandas as pd
from sklearn.preprocessing import MinMaxScaler
df = pd.read_csv("d.csv")
s = MinMaxScaler()
df[df.columns] = s.fit_transform(df)
train = df.sample(frac=0.8, random_state=1)
test = df.drop(train.index)
from sklearn.linear_model import LinearRegression
m = LinearRegression().fit(train.drop(columns="y"), train.y)
print(m.score(test.drop(columns="y"), test.y))
