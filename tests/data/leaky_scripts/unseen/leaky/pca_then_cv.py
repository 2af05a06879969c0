# expect: code.cross_val_after_fit
from sklearn.datasets import fetch_olivetti_faces
from sklearn.decomposition import PCA
from sklearn.model_selection import cross_validate
from sklearn.svm import LinearSVC

faces = fetch_olivetti_faces()
reduced = PCA(n_components=80, whiten=True).fit_transform(faces.data)
result = cross_validate(LinearSVC(), reduced, faces.target, cv=5, scoring=["accuracy", "f1_macro"])
print({name: values.mean() for name, values in result.items()})
