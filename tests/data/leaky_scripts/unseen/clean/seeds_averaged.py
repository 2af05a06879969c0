# expect: nothing
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

cars = pd.read_csv("cars.csv").select_dtypes("number").dropna()
X, y = cars.drop(columns="price"), cars["price"]
scores = []
for seed in range(50):
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=seed)
    scores.append(LinearRegression().fit(X_train, y_train).score(X_test, y_test))
print("R2:", np.mean(scores), "+-", np.std(scores))
