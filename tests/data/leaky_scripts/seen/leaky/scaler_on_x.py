# expect: code.test_in_fit
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

X, y = load_wine(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scaler = StandardScaler()
scaler.fit(X)
svc = SVC().fit(scaler.transform(X_train), y_train)
print(svc.score(scaler.transform(X_test), y_test))
