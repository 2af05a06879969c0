"""`daybreak audit` as people use it: a planted leak blocks, a fair split does not, mistakes are told in one sentence."""

import csv

import pytest
from sklearn.datasets import load_breast_cancer

TRAIN = """
import numpy as np

def predict(model, test):
    assert str(model).endswith(model.name)
    return (np.asarray(test["worst radius"]) < 17).astype(int)

def scaled(train, test):
    both = np.concatenate([train["mean area"], test["mean area"]])
    return train["mean area"] / both.max(), test["mean area"] / both.max()

def main(run):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    rows = np.vstack([np.loadtxt(run.data[side], delimiter=",", skiprows=1) for side in ("train", "test")])
    x, y = rows[:, :-1], rows[:, -1]
    x = StandardScaler().fit_transform(x)
    x_train, x_test, y_train, y_test = x[:400], x[400:], y[:400], y[400:]
    model = LogisticRegression(C=run.params.c, max_iter=500)
    run.keep(model=model)
    for epoch in run.epochs(1):
        model.fit(x_train, y_train)
        run.report(accuracy=model.score(x_test, y_test))
"""
FILE = """
name: tumours
run: tumours:main
objective: {maximize: accuracy}
space: {c: {log: [0.01, 10]}}
search: {method: random, max_units: 1, max_trials: 1}
data: {train: ./train.csv, test: ./test.csv}
audit: {target: sick, preprocess: "tumours:scaled", predict: "tumours:predict"}
"""


def write(file, names, rows):
    with file.open("w", newline="") as lines:
        csv.writer(lines).writerows([names, *rows])


@pytest.fixture(scope="module")
def folder(daybreak):
    """A fair split of the breast cancer data, and the same with 60 training rows among the test rows."""
    data = load_breast_cancer()
    rows = [[*map(float, x), int(y)] for x, y in zip(data.data, data.target, strict=True)]
    names = [*map(str, data.feature_names), "sick"]
    write(daybreak.folder / "train.csv", names, rows[:400])
    write(daybreak.folder / "test.csv", names, rows[400:])
    write(daybreak.folder / "leaky.csv", names, rows[400:] + rows[:60])
    (daybreak.folder / "tumours.py").write_text(TRAIN)
    (daybreak.folder / "tumours.yaml").write_text(FILE)
    return daybreak.folder


def test_copies_of_training_rows_block_and_the_clean_score_is_told(daybreak, folder):
    words = ("audit", "--train", "train.csv", "--test", "leaky.csv", "--target", "sick")
    report = daybreak.json(*words, code=1)
    (found,) = [one for one in report["findings"] if one["rule"] == "overlap.exact" and one["severity"] == "error"]
    assert set(found["rows"]["test"]) == set(range(169, 229))
    assert report["verdict"] == "blocked"
    scored = report["rescore"]["scored"][0]
    assert scored["clean"]["rows"] == 169
    assert scored["overlapping"]["rows"] == 60


def test_a_fair_split_is_not_blocked(daybreak, folder):
    said = daybreak("audit", "--train", "train.csv", "--test", "test.csv", "--target", "sick").stdout
    assert "blocked" not in said
    assert "overlap.exact" in said


def test_the_page_shows_the_pairs(daybreak, folder):
    words = ("audit", "--train", "train.csv", "--test", "leaky.csv", "--target", "sick", "--only", "overlap")
    daybreak(*words, "--html", "audit.html", code=1)
    page = (folder / "audit.html").read_text()
    assert "This score cannot be believed as it stands" in page
    assert page.count("<figure") >= 5
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--train", "train.csv"), "--test is missing"),
        (("--train", "train.csv", "--test", "test.csv", "--target", "sik"), "sick"),
        (("--train", "train.csv", "--test", "tset.csv"), "tset.csv"),
        (("nowhere",), "nowhere is no file or folder that is here, and no run"),
        (("--train", "train.csv", "--test", "test.csv", "--only", "overlp"), "did you mean overlap"),
        ((), "daybreak audit --help"),
    ],
)
def test_mistakes_are_told_and_the_exit_status_is_2(daybreak, folder, words, said):
    done = daybreak("audit", *words, code=2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_is_audited_with_its_data_and_its_code(daybreak, folder):
    daybreak("run", "tumours.yaml")
    report = daybreak.json("audit", "tumours", code=1)
    assert report["run"] == "1.1"
    assert report["rows"] == {"train": 400, "test": 169}
    severity = {one["rule"]: one["severity"] for one in report["findings"]}
    assert (severity["code.test_in_fit"], severity["preprocessing"]) == ("warning", "error")
    assert "the model" in {one["model"] for one in report["rescore"]["scored"]}
    asked = {one["rule"]: one["status"] for one in report["answers"]}
    assert asked["overlap.exact"] == "clean"
