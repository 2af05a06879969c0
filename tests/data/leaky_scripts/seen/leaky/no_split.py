# expect: code.no_test_data
from sklearn.datasets import load_wine
from sklearn.neighbors import KNeighborsClassifier

data, target = load_wine(return_X_y=True)
knn = KNeighborsClassifier(n_neighbors=1)
knn.fit(data, target)
print("accuracy:", knn.score(data, target))
