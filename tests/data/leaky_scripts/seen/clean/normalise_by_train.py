# expect: nothing
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier


def normalise(frame, low, high):
    return (frame - low) / (high - low)


df = pd.read_csv("fruit.csv")
train, test, y_train, y_test = train_test_split(df.drop(columns="kind"), df["kind"])
low, high = train.min(), train.max()
knn = KNeighborsClassifier().fit(normalise(train, low, high), y_train)
print(knn.score(normalise(test, low, high), y_test))
