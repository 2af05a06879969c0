from sklearn.model_selection import train_test_split
def make_split(X, y, seed=0):
    X_tr, X_te, y_tr, y_te = train_test_split(X, y, random_state=seed)
    return {"train": (X_tr, y_tr), "test": (X_te, y_te)}
