# expect: code.fit_on_test
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier


def normalise(frame):
    return (frame - frame.min()) / (frame.max() - frame.min())


df = pd.read_csv("fruit.csv")
train, test, y_train, y_test = train_test_split(df.drop(columns="kind"), df["kind"])
knn = KNeighborsClassifier().fit(normalise(train), y_train)
print(knn.score(normalise(test), y_test))
