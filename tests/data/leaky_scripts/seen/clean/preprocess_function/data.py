import pandas as pd


def load():
    df = pd.read_csv("bank.csv")
    return df.drop(columns=["y"]), df["y"]
