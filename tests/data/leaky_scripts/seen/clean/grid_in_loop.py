# expect: nothing
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split, GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.decomposition import PCA
from sklearn.svm import SVC
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16.0, y)
pipe = Pipeline([("pca", PCA()), ("svc", SVC())])
best_score = 0
for n in (10, 20):
    gs = GridSearchCV(pipe.set_params(pca__n_components=n), {"svc__C": [1, 10]}).fit(X_train, y_train)
    if gs.best_score_ > best_score:
        best_score, best = gs.best_score_, gs.best_estimator_
print(best.score(X_test, y_test))
