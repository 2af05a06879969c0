# expect: code.fit_before_split
import argparse
import pandas as pd
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import RobustScaler


def load(path):
    frame = pd.read_csv(path, sep=";")
    frame = frame[frame["price"] > 0]
    return frame.drop(columns="price"), frame["price"]


def prepare(features):
    scaler = RobustScaler()
    scaler.fit(features)
    return scaler.transform(features)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("path")
    options = parser.parse_args()
    features, price = load(options.path)
    features = prepare(features)
    a, b, c, d = train_test_split(features, price, test_size=0.25, random_state=1)
    model = GradientBoostingRegressor().fit(a, c)
    print("R2", model.score(b, d))


if __name__ == "__main__":
    main()
