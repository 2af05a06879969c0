# expect: code.random_state_searched
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

df = pd.read_csv("parkinson.csv")
X, y = df.drop(columns="status"), df["status"]
accuracies = []
for i in range(200):
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=i)
    tree = DecisionTreeClassifier(random_state=i).fit(X_train, y_train)
    accuracies.append(tree.score(X_test, y_test))
best_seed = np.argmax(accuracies)
print("random state", best_seed, "gives", accuracies[best_seed])
