# expect: nothing
import pandas as pd
from sklearn.linear_model import ElasticNet
from sklearn.model_selection import train_test_split


def read():
    return pd.read_csv("energy.csv")


def clean(df):
    df = df.drop_duplicates().dropna(subset=["kwh"])
    print(df.describe(), df.mean(numeric_only=True))
    return df


def split(df):
    return train_test_split(df.drop(columns="kwh"), df["kwh"], test_size=0.2)


def fill(train, test):
    middle = train.median(numeric_only=True)
    return train.fillna(middle), test.fillna(middle)


def run():
    X_train, X_test, y_train, y_test = split(clean(read()))
    X_train, X_test = fill(X_train, X_test)
    model = ElasticNet()
    model.fit(X_train, y_train)
    return model.score(X_test, y_test)


print(run())
