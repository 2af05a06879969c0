"""Every experiment file is planned, and those of the adapters are searched with a small budget, as their first lines say."""

import json
from pathlib import Path

import pytest
from needed import EXPERIMENTS, PACKAGES, need

from daybreak.spec.loading import load

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize("file", EXPERIMENTS, ids=lambda file: file.name)
def test_plan(daybreak, file):
    planned = daybreak.json("plan", str(file))
    assert planned["trials"] == sum(planned["ends"].values()) == loaded(file).budget.trials
    adaptive = loaded(file).search.method != "grid"
    assert planned["units"] < planned["random_units"] if adaptive else planned["units"] == planned["random_units"]


@pytest.mark.parametrize("example", PACKAGES)
def test_search(daybreak, example):
    need(example)
    daybreak.environment["DAYBREAK_SST2"] = "/nowhere"  # sentences are made up
    [file] = (EXAMPLES / example).glob("*.yaml")
    words = ("run", str(file), "--budget", "2 trials", "--max-units", "1", "--json")
    experiment = json.loads(daybreak(*words, seconds=100).stdout)["experiment"]
    assert (experiment["state"], experiment["trials"], experiment["units"]) == ("done", 2, 2)
    assert list(experiment["best"]) == [loaded(file).objectives[0].metric]


def loaded(file):
    return load(file.read_text(), source=file.name, folder=str(file.parent))
