# expect: code.cross_val_after_fit
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import RandomizedSearchCV
from sklearn.preprocessing import PowerTransformer
from sklearn.linear_model import LogisticRegression
from scipy.stats import loguniform
data = load_breast_cancer(as_frame=True)
X = data.frame.drop(columns="target")
X = PowerTransformer().set_output(transform="pandas").fit_transform(X)
search = RandomizedSearchCV(LogisticRegression(), {"C": loguniform(1e-3, 1e3)}, n_iter=30, cv=10)
search.fit(X, data.frame["target"])
print(search.best_score_)
