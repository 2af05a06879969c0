"""A model that takes its process with it is blamed for it: no event tells of the requests that died with the replica."""

import http.client
import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from experiment_live import deployed

from daybreak.rollout.assignment import Router
from daybreak.rollout.comparison import Rules
from daybreak.rollout.outcomes import Outcome
from daybreak.serving import desired
from daybreak.serving.experiment.marking import Marks, crashed
from daybreak.testing.packages import python

DIES = """
import os, sys
from pathlib import Path
from types import SimpleNamespace
from daybreak.serving.experiment.marking import Marks
marks = Marks(Path(sys.argv[1]))
call = SimpleNamespace(deal="2-1a-c0ffee")
marks.enter("champion", [call])
marks.leave("champion")
marks.enter("v2", [call])
if len(sys.argv) > 2:
    marks.leave("v2")
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize(("words", "found"), [((), [("v2", "2-1a-c0ffee")]), (("idle",), [])])
def test_what_was_called_when_a_process_died_is_told_once(tmp_path, words, found):
    done = subprocess.run([sys.executable, "-c", DIES, str(tmp_path), *words], check=False)
    assert done.returncode == -signal.SIGKILL
    assert crashed(tmp_path) == found
    assert crashed(tmp_path) == []


def test_who_lives_is_not_blamed(tmp_path):
    marks = Marks(tmp_path)
    marks.enter("v2", [SimpleNamespace(deal="2-1a-c0ffee")])
    assert crashed(tmp_path) == []
    marks.leave("v2")


@pytest.mark.enable_socket
def test_a_challenger_whose_replicas_die_is_taken_back(tmp_path):
    """Killed here as a fault in a runtime's native code would: while the challenger works on a request (777 sleeps)."""
    for version in (1, 2):
        python(tmp_path / f"sum-{version}", version=version)
    with deployed(tmp_path / "home", tmp_path / "sum-1") as shop:
        split = shop.begin(
            Rules(Outcome("conversion", "conversion", 0.05)), ("v2", tmp_path / "sum-2", 0.01, "challenger")
        ).split
        router = Router(split)
        met = (f"customer {number}" for number in range(10_000) if router.assign(f"customer {number}").name == "v2")
        for _ in range(2):
            kill_while_it_answers(shop, next(met))
        told = shop.until(lambda told: told["state"] == "ended")
        assert told["because"].startswith("v2 taken back: 100.00 % of its requests fail (v2), 0.00 % of the champion's")
        assert [one.arm for one in desired.read(shop.folder).served] == ["champion"]


def kill_while_it_answers(shop, unit):
    asking = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=30)
    asking.request("POST", "/predict", json.dumps({"a": 777, "b": 1}), {"x-unit-id": unit})
    os.kill(shop.until_marked(), signal.SIGKILL)
    answer = asking.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (503, "replica_crashed")
    asking.close()
    shop.until_it_answers({"a": 1, "b": 1})
