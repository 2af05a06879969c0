# expect: code.fit_before_split
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from src.config import TARGET
from src.features import FeatureBuilder
from src.split import make_split
def main(path="data.parquet"):
    df = pd.read_parquet(path)
    X = FeatureBuilder().build(df.drop(columns=[TARGET]))
    splits = make_split(X, df[TARGET])
    model = HistGradientBoostingRegressor()
    model.fit(*splits["train"])
    print(model.score(*splits["test"]))
if __name__ == "__main__":
    main()
