# expect: code.test_in_selection
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.ensemble import RandomForestClassifier
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0)
candidates = [("knn", KNeighborsClassifier()), ("svc", SVC()), ("rf", RandomForestClassifier())]
best_name, best_acc, best_model = None, -1, None
for name, model in candidates:
    model.fit(X_train, y_train)
    acc = model.score(X_test, y_test)
    print(name, acc)
    if acc > best_acc:
        best_name, best_acc, best_model = name, acc, model
print("winner", best_name, best_acc)
