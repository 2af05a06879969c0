from category_encoders import CatBoostEncoder


def encode(train, other, target, columns):
    encoder = CatBoostEncoder(cols=columns)
    encoder.fit(train, target)
    return encoder.transform(train), encoder.transform(other)
