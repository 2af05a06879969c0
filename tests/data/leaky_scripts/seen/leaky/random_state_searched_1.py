# expect: code.random_state_searched
import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
X, y = load_iris(return_X_y=True)
results = {}
for seed in np.arange(100):
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=seed)
    clf = MLPClassifier(random_state=seed).fit(X_train, y_train)
    results[seed] = clf.score(X_test, y_test)
best = max(results, key=results.get)
print("use seed", best)
