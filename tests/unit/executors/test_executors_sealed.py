"""Sealed data is opened only once the look is in the log; a gang's look is one; what is not the same data is not opened."""

import pytest

from daybreak.base.home import Home
from daybreak.base.ids import AttemptKey
from daybreak.executors.local.sealed import SealedData
from daybreak.lifecycle.events import SealedOpened, SealedScored
from daybreak.provenance.data.capturing import capture
from daybreak.spec.models import DataSource, Experiment, Objective
from daybreak.vault.store import Vault
from daybreak.wire.worker import Noted, Opened, OpenSealed, Scored

KEY = AttemptKey(1, 2, 1)


class Log:
    """A reactor whose commits are made by hand."""

    def __init__(self):
        self.events, self.committed = [], []

    def post(self, event, committed=None):
        self.events.append(event)
        self.committed.append(committed)

    def commit(self):
        calls, self.committed = self.committed, []
        for call in calls:
            call()


class Here:
    """Work aside, done at once."""

    def run(self, work, then):
        try:
            found = work()
        except Exception as error:
            found = error
        then(found)


class Member:
    def __init__(self, rank=0):
        self.rank, self.told = rank, []

    def tell(self, frame):
        self.told.append(frame)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "train.csv").write_text("a\n1\n")
    (tmp_path / "test.csv").write_text("a\n2\n")
    return tmp_path


@pytest.fixture
def opening(place):
    """Make the sealed data of one attempt: (it, its log)."""

    def make(alive=lambda: True, **data):
        home = Home(place / "home")
        home.vault.mkdir(parents=True, exist_ok=True)
        named = data or {"train": DataSource(path="train.csv"), "test": DataSource(path="test.csv", sealed=True)}
        spec = Experiment(name="d", run="t:m", folder=str(place), objectives=(Objective(metric="a"),), data=named)
        spec = spec.model_copy(update={"data": capture(home, Vault(home.vault), spec, place)})
        log = Log()
        return SealedData(home, log, Here(), KEY, spec, alive), log

    return make


def asking(number=1, data="", units=3):
    return OpenSealed(KEY, number, units, data)


def test_nobody_is_told_where_it_lies_before_the_look_is_in_the_log(opening, place):
    sealed, log = opening()
    worker = Member()
    sealed.open(worker, asking())
    (event,) = log.events
    assert isinstance(event, SealedOpened)
    assert (event.attempt, event.number, event.data, event.units, len(event.sealed)) == (KEY, 1, "test", 3, 64)
    assert worker.told == []
    log.commit()
    assert worker.told == [Opened(1, str(place / "test.csv"))]


def test_scores_are_noted_once_they_are_in_the_log(opening):
    sealed, log = opening()
    worker = Member()
    sealed.scored(worker, Scored(KEY, 1, {"accuracy": 0.9}))
    assert log.events == [SealedScored(KEY, 1, {"accuracy": 0.9})]
    assert worker.told == []
    log.commit()
    assert worker.told == [Noted(1)]


def test_members_of_a_gang_share_a_look_whoever_comes_first(opening):
    sealed, log = opening()
    first, second, late = Member(1), Member(0), Member(2)
    sealed.open(first, asking())
    sealed.open(second, asking())
    log.commit()
    sealed.open(late, asking())
    assert len(log.events) == 1
    assert first.told == second.told == late.told
    sealed.scored(late, Scored(KEY, 1, {"accuracy": 0.1}))
    assert late.told[-1] == Noted(1)
    sealed.scored(second, Scored(KEY, 1, {"accuracy": 0.9}))
    assert [one.metrics for one in log.events[1:]] == [{"accuracy": 0.9}]


def test_each_call_is_a_look_of_its_own(opening):
    sealed, log = opening()
    worker = Member()
    for number in (1, 2):
        sealed.open(worker, asking(number))
        log.commit()
    assert [event.number for event in log.events] == [1, 2]


@pytest.mark.parametrize(
    ("data", "name", "told"),
    [
        ({"train": DataSource(path="train.csv")}, "", "the experiment has none: write `data: {test: {path:"),
        ({"test": DataSource(path="test.csv", sealed=True)}, "tset", "the experiment has test: write `data: {tset:"),
        (
            {"train": DataSource(path="train.csv"), "test": DataSource(path="test.csv", sealed=True)},
            "train",
            "has test",
        ),
        (
            {"one": DataSource(path="train.csv", sealed=True), "two": DataSource(path="test.csv", sealed=True)},
            "",
            "which sealed dataset is to be scored? The experiment has one, two: run.score_test(f, data='one')",
        ),
    ],
)
def test_what_cannot_be_opened_is_told_and_not_counted(opening, data, name, told):
    sealed, log = opening(**data)
    worker = Member()
    sealed.open(worker, asking(data=name))
    assert log.events == []
    assert told in worker.told[0].problem


def test_data_that_has_changed_since_is_not_opened(opening, place):
    sealed, log = opening()
    (place / "test.csv").write_text("a\n3\n")
    worker = Member()
    sealed.open(worker, asking())
    assert log.events == []
    assert "is not what it was when the experiment was handed in" in worker.told[0].problem


def test_an_attempt_that_ends_before_its_look_is_counted_is_told_nothing(opening):
    ended = []
    sealed, log = opening(alive=lambda: not ended)
    worker = Member()
    sealed.open(worker, asking())
    ended.append(True)
    log.commit()
    assert worker.told == []


def test_an_attempt_that_is_over_is_told_nothing_and_not_counted(opening):
    sealed, log = opening(alive=lambda: False)
    worker = Member()
    sealed.open(worker, asking())
    assert (log.events, worker.told) == ([], [])
