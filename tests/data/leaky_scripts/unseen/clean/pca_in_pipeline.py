# expect: nothing
from sklearn.datasets import fetch_olivetti_faces
from sklearn.decomposition import PCA
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

faces = fetch_olivetti_faces()
model = make_pipeline(PCA(n_components=80, whiten=True), LinearSVC())
result = cross_validate(model, faces.data, faces.target, cv=5, scoring=["accuracy", "f1_macro"])
print({name: values.mean() for name, values in result.items()})
