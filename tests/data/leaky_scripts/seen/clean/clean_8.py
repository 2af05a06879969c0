# expect: nothing
from sklearn.datasets import make_classification
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
X, y = make_classification(2000)
X_train, X_rest, y_train, y_rest = train_test_split(X, y, test_size=0.5)
X_calib, X_test, y_calib, y_test = train_test_split(X_rest, y_rest, test_size=0.5)
sc = StandardScaler().fit(X_train)
base = LogisticRegression().fit(sc.transform(X_train), y_train)
cal = CalibratedClassifierCV(base, cv="prefit").fit(sc.transform(X_calib), y_calib)
print(brier_score_loss(y_test, cal.predict_proba(sc.transform(X_test))[:, 1]))
