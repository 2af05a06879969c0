import pandas as pd
from sklearn.model_selection import train_test_split
def load_split(path, seed=0):
    df = pd.read_csv(path)
    train, test = train_test_split(df, test_size=0.2, random_state=seed)
    train, val = train_test_split(train, test_size=0.25, random_state=seed)
    return train, val, test
