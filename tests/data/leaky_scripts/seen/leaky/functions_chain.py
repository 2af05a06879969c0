# expect: code.statistics_before_split
import pandas as pd
from sklearn.linear_model import ElasticNet
from sklearn.model_selection import train_test_split


def read():
    return pd.read_csv("energy.csv")


def clean(df):
    df = df.drop_duplicates()
    df = df.fillna(df.median(numeric_only=True))
    return df


def split(df):
    return train_test_split(df.drop(columns="kwh"), df["kwh"], test_size=0.2)


def run():
    df = read()
    df = clean(df)
    X_train, X_test, y_train, y_test = split(df)
    model = ElasticNet()
    model.fit(X_train, y_train)
    return model.score(X_test, y_test)


print(run())
