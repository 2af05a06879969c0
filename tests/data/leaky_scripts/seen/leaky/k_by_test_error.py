# expect: code.test_in_selection
import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

iris = load_iris()
X_train, X_test, y_train, y_test = train_test_split(iris.data, iris.target, test_size=0.4)
errors = []
for k in range(1, 30):
    knn = KNeighborsClassifier(n_neighbors=k)
    knn.fit(X_train, y_train)
    errors.append(np.mean(knn.predict(X_test) != y_test))
best_k = int(np.argmin(errors)) + 1
print(best_k, 1 - min(errors))
