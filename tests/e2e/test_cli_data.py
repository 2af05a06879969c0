"""Data of an experiment: named in the file, found by its trials, and looked after by `daybreak data`."""

import pytest

TRAIN = """
import time

def main(run):
    folder = run.data["numbers"]
    values = [float(line) for file in sorted(folder.glob("*.txt")) for line in file.read_text().split()]
    for unit in run.epochs(3):
        run.report(value=run.params.x * sum(values))
"""
FILE = """
run: summing:main
objective: {maximize: value}
space: {x: {uniform: [0.0, 1.0]}}
search: {method: random, max_units: 3, max_trials: 2}
data: {numbers: ./numbers}
"""


@pytest.fixture
def folder(daybreak):
    (daybreak.folder / "numbers").mkdir(exist_ok=True)
    (daybreak.folder / "numbers" / "a.txt").write_text("1 2")
    (daybreak.folder / "numbers" / "b.txt").write_text("3")
    (daybreak.folder / "summing.py").write_text(TRAIN)
    (daybreak.folder / "summing.yaml").write_text(FILE)
    return daybreak.folder


def test_trials_find_their_data_by_name(daybreak, folder):
    result = daybreak.json("run", "summing.yaml")
    for trial in result["trials"]:
        assert trial["last"]["value"] == pytest.approx(trial["point"]["x"] * 6)
