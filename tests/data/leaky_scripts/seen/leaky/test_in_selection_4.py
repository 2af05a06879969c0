# expect: code.test_in_selection
from hyperopt import fmin, tpe, hp, STATUS_OK, Trials
from sklearn.datasets import fetch_covtype
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import train_test_split
X, y = fetch_covtype(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2)
def objective(space):
    clf = ExtraTreesClassifier(n_estimators=int(space["n"]), max_depth=int(space["d"]))
    clf.fit(X_train, y_train)
    return {"loss": -clf.score(X_test, y_test), "status": STATUS_OK}
best = fmin(fn=objective, space={"n": hp.quniform("n", 50, 500, 50), "d": hp.quniform("d", 3, 20, 1)}, algo=tpe.suggest, max_evals=50, trials=Trials())
print(best)
