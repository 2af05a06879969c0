"""Write scikit-learn's handwritten digits as train.csv and test.csv: 64 pixels (0 to 16) and the digit. Run it once."""

import csv
from pathlib import Path

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

FOLDER = Path(__file__).parent / "data"


def write(name, images, labels):
    with (FOLDER / name).open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow([*(f"p{row}{column}" for row in range(8) for column in range(8)), "digit"])
        lines.writerows([*map(int, image), label] for image, label in zip(images, labels, strict=True))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    images, labels = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(images, labels, test_size=0.25, random_state=0, stratify=labels)
    write("train.csv", x_train, y_train)
    write("test.csv", x_test, y_test)
    print(f"{len(x_train)} rows in {FOLDER / 'train.csv'}, {len(x_test)} in {FOLDER / 'test.csv'}")
