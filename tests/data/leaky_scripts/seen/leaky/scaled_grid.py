# expect: code.cross_val_after_fit
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier

digits = load_digits()
pca = PCA(n_components=20)
pca.fit(digits.data)
components = pca.transform(digits.data)
search = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 3, 5]})
search.fit(components, digits.target)
print(search.best_score_)
