from category_encoders import CatBoostEncoder


def encode(frame, target, columns):
    encoder = CatBoostEncoder(cols=columns)
    frame = frame.copy()
    frame[columns] = encoder.fit_transform(frame[columns], target)
    return frame
