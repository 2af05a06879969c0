# expect: nothing
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC


class Experiment:
    def __init__(self, path):
        archive = np.load(path)
        self.signals = archive["signals"]
        self.classes = archive["classes"]

    def split(self):
        self.tr, self.te, self.ytr, self.yte = train_test_split(self.signals, self.classes, stratify=self.classes)

    def standardise(self):
        centre = np.mean(self.tr, axis=0)
        spread = np.std(self.tr, axis=0)
        self.tr = (self.tr - centre) / spread
        self.te = (self.te - centre) / spread

    def evaluate(self):
        machine = SVC().fit(self.tr, self.ytr)
        return machine.score(self.te, self.yte)


if __name__ == "__main__":
    run = Experiment("eeg.npz")
    run.split()
    run.standardise()
    print(run.evaluate())
