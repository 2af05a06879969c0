# expect: code.test_in_early_stopping
import pandas as pd
from catboost import CatBoostClassifier, Pool
from sklearn.model_selection import train_test_split

df = pd.read_csv("amazon.csv")
X_train, X_test, y_train, y_test = train_test_split(df.drop("ACTION", axis=1), df["ACTION"], test_size=0.2)
test_pool = Pool(X_test, y_test)
model = CatBoostClassifier(iterations=3000)
model.fit(Pool(X_train, y_train), eval_set=test_pool)
print(model.score(X_test, y_test))
