"""What is fixed of chance in every process of a trial, however it was started."""

import sys

import pytest
from programs import bench_of

from daybreak.lifecycle.events import AttemptEnded

FORKED = """
def main(run):
    run.report(score=float(hash("a name") % 2**32))
"""
SPAWNED = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n" + FORKED
COMMAND = """print("score=" + str(float(hash("a name") % 2**32)))"""
DETERMINISTIC = """
import os

def main(run):
    import torch
    for unit in run.epochs(1):
        run.report(score=float(torch.are_deterministic_algorithms_enabled() and "CUBLAS_WORKSPACE_CONFIG" in os.environ))
"""


@pytest.fixture
def score_of(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "random")  # of the shell that the agent was started in

    def score(run, program, **changes):
        bench = bench_of(tmp_path_factory.mktemp("home"), run, program, **changes)
        try:
            return bench.wait_for(AttemptEnded, bench.launch(target=None)).metrics["score"]
        finally:
            bench.close()

    return score


def test_sets_have_one_order_in_forked_spawned_and_unedited_runs(score_of):
    command = (sys.executable, "script.py")
    programs = (("tells:main", FORKED), ("fresh:main", SPAWNED), (command, COMMAND))
    scores = [
        score_of(run, program, environment=asked)
        for asked in ({}, {"PYTHONHASHSEED": "7"})
        for run, program in programs
    ]
    assert len(set(scores[:3])) == len(set(scores[3:])) == 1
    assert scores[0] != scores[3]


def test_a_deterministic_search_switches_torch(score_of):
    pytest.importorskip("torch")
    assert [score_of("tells:main", DETERMINISTIC, deterministic=wanted) for wanted in (False, True)] == [0.0, 1.0]
