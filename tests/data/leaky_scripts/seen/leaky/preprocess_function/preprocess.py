from sklearn.preprocessing import StandardScaler


class Preprocessor:
    def __init__(self):
        self.scaler = StandardScaler()

    def run(self, X):
        return self.scaler.fit_transform(X)
