# expect: nothing
from sklearn.datasets import fetch_openml
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from imblearn.over_sampling import SMOTE
from sklearn.linear_model import LogisticRegression
import joblib
X, y = fetch_openml("adult", return_X_y=True, as_frame=True)
X = X.select_dtypes("number")
def fit(X, y):
    s = StandardScaler().fit(X)
    Xs, ys = SMOTE().fit_resample(s.transform(X), y)
    return s, LogisticRegression().fit(Xs, ys)
X_train, X_test, y_train, y_test = train_test_split(X, y)
s, m = fit(X_train, y_train)
print(m.score(s.transform(X_test), y_test))
joblib.dump(fit(X, y), "final.joblib")
