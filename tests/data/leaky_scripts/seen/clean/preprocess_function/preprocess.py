from sklearn.preprocessing import StandardScaler


class Preprocessor:
    def __init__(self):
        self.scaler = StandardScaler()

    def learn(self, X):
        return self.scaler.fit_transform(X)

    def apply(self, X):
        return self.scaler.transform(X)
