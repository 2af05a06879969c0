# expect: code.statistics_before_split
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC


class Experiment:
    def __init__(self, path):
        archive = np.load(path)
        self.signals = archive["signals"]
        self.classes = archive["classes"]

    def standardise(self):
        centre = np.mean(self.signals, axis=0)
        spread = np.std(self.signals, axis=0)
        self.signals = (self.signals - centre) / spread

    def evaluate(self):
        tr, te, ytr, yte = train_test_split(self.signals, self.classes, stratify=self.classes)
        machine = SVC().fit(tr, ytr)
        return machine.score(te, yte)


if __name__ == "__main__":
    run = Experiment("eeg.npz")
    run.standardise()
    print(run.evaluate())
