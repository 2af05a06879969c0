"""The sealed test set from inside a training: opened by whoever directs the run, scored once a call."""

import socket
import threading
from pathlib import Path

import pytest
from frozen import Agent, Trial

from daybreak.base.errors import UsageError
from daybreak.base.ids import AttemptKey
from daybreak.train import sealed
from daybreak.train.data import Data
from daybreak.train.link import AgentLink
from daybreak.train.stopwatch import Stopwatch
from daybreak.wire import worker as wire
from daybreak.wire.frames import pack, receive_frame


class Director:
    """Opens what it has and notes what it is told, in order."""

    def __init__(self, place="/data/test.csv", problem=""):
        self.story = []
        self.answer = wire.Opened(1, place, problem)

    def open_sealed(self, data, units):
        self.story.append(("open", data, units))
        return self.answer

    def scored(self, number, metrics):
        self.story.append(("scored", number, metrics))


def score(director, evaluate, data=""):
    return sealed.score(director, Stopwatch(), evaluate, data, 9)


def test_it_is_opened_then_scored_then_told():
    director = Director()

    def evaluate(path):
        director.story.append(path)
        return {"accuracy": 0.5, "rows": 3}

    assert score(director, evaluate, "test") == {"accuracy": 0.5, "rows": 3.0}
    assert director.story == [
        ("open", "test", 9),
        Path("/data/test.csv"),
        ("scored", 1, {"accuracy": 0.5, "rows": 3.0}),
    ]


def test_what_lies_in_a_store_is_given_as_its_url():
    given = []
    score(Director("s3://bucket/test.parquet"), lambda place: given.append(place) or {"auc": 1})
    assert given == ["s3://bucket/test.parquet"]


def test_without_such_data_the_function_is_not_called():
    with pytest.raises(UsageError, match="has none"):
        score(Director(problem="the experiment has none"), pytest.fail)


@pytest.mark.parametrize("returned", [0.9, None, {}, [0.9]])
def test_what_is_returned_are_numbers_by_name(returned):
    director = Director()
    with pytest.raises(UsageError, match="numbers by name"):
        score(director, lambda _: returned)
    assert [one[0] for one in director.story] == ["open"]  # it has looked all the same


def test_what_is_no_number_is_named():
    with pytest.raises(UsageError, match="accuracy = 'good'"):
        score(Director(), lambda _: {"accuracy": "good"})


def test_off_the_platform_a_variable_tells_where_it_lies():
    assert sealed.alone("", {"DAYBREAK_DATA_TEST": "./t.csv"}).place == "./t.csv"
    assert sealed.alone("held-out", {"DAYBREAK_DATA_HELD_OUT": "./h.csv"}).place == "./h.csv"
    assert "DAYBREAK_DATA_TEST=./test.csv" in sealed.alone("", {}).problem


def test_the_usual_way_to_data_does_not_lead_to_it():
    with pytest.raises(UsageError, match=r"dataset test is sealed: only run\.score_test"):
        Data({"train": "/train.csv"}, ["test"])["test"]


def test_a_look_belongs_to_the_unit_in_progress_as_a_report_does(tmp_path, monkeypatch):
    director = Director()
    monkeypatch.setattr(Agent, "open_sealed", lambda _, data, units: director.open_sealed(data, units), raising=False)
    monkeypatch.setattr(Agent, "scored", lambda _, number, metrics: director.scored(number, metrics), raising=False)

    def main(run):
        for _ in run.epochs(2):
            run.score_test(lambda _: {"accuracy": 0.5})
        run.score_test(lambda _: {"accuracy": 0.5})

    Trial(main, tmp_path, 2).train()
    assert [units for what, _, units in director.story if what == "open"] == [1, 2, 2]


def test_a_worker_waits_until_its_look_is_counted_and_its_score_is_kept():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link = AgentLink(ours, AttemptKey(1, 2, 3))
        found = []
        worker = threading.Thread(target=lambda: found.append(score(link, lambda path: {"size": len(str(path))})))
        worker.start()
        asked = wire.decode_from_worker(receive_frame(theirs))
        assert asked == wire.OpenSealed(AttemptKey(1, 2, 3), 1, 9)
        theirs.sendall(pack(wire.encode(wire.Freeze(5.0))))
        theirs.sendall(pack(wire.encode(wire.Opened(1, "/t.csv"))))
        told = wire.decode_from_worker(receive_frame(theirs))
        assert told == wire.Scored(AttemptKey(1, 2, 3), 1, {"size": 6.0})
        assert not found
        theirs.sendall(pack(wire.encode(wire.Noted(1))))
        worker.join(10)
        assert found == [{"size": 6.0}]
        assert link.freeze_wanted()
