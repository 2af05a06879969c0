"""Metric points against a model that is a dictionary: overlapping batches, repeats and late epochs included."""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.base.ids import AttemptKey
from daybreak.ledger.opening import open_ledger
from daybreak.ledger.points import Stored, ascending, merge, pack
from daybreak.lifecycle.events import TimerDue
from daybreak.ports.ledger import PointBatch

VALUES = st.floats(width=32)
STEPS = st.integers(0, 12)
SERIES = st.lists(st.tuples(STEPS, VALUES), max_size=8).map(
    lambda points: ([s for s, _ in points], [v for _, v in points])
)
BATCHES = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 2), st.dictionaries(st.sampled_from("abc"), SERIES, max_size=3)),
    max_size=12,
)


class Model:
    """The rule, point by point: a higher epoch replaces, the same or a lower one does not."""

    def __init__(self):
        self.held = {}

    def log(self, epoch, trial, series):
        for metric, (steps, values) in series.items():
            for step, value in zip(steps, values, strict=True):
                key = trial, metric, step
                if key not in self.held or epoch > self.held[key][0]:
                    self.held[key] = epoch, value

    def curves(self):
        found = {}
        for (trial, metric, step), (_, value) in sorted(self.held.items(), key=lambda item: item[0]):
            steps, values = found.setdefault((trial, metric), ([], []))
            steps.append(step)
            values.append(value)
        return found


def same(one, other):
    return repr(one) == repr(other)  # NaN equals itself here, and 0.0 is not -0.0


@given(BATCHES)
def test_merged_batches_are_the_model(batches):
    model = Model()
    stored = []
    for epoch, _, series in batches:
        model.log(epoch, 1, series)
        stored.append(
            Stored(epoch, pack({ord(metric): ascending(*curve) for metric, curve in series.items() if curve[0]}))
        )
    expected = {ord(metric): curve for (_, metric), curve in model.curves().items()}
    assert same(merge(stored), expected)
    wanted = frozenset({ord("a")})
    assert same(merge(stored, wanted), {metric: curve for metric, curve in expected.items() if metric in wanted})


@given(SERIES)
def test_ascending_keeps_the_first_of_each_step(series):
    steps, values = ascending(*series)
    assert steps == sorted(set(series[0]))
    assert same(values, [series[1][series[0].index(step)] for step in steps])


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    ledger = open_ledger(tmp_path_factory.mktemp("points") / "ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture(scope="module")
def experiments():
    return count(1)


@settings(deadline=None, max_examples=40)
@given(batches=BATCHES)
def test_what_a_reader_sees_is_the_model(ledger, experiments, batches):
    """Each example is an experiment of its own in one ledger, a commit a batch."""
    experiment, model = next(experiments), Model()
    for epoch, trial, series in batches:
        ledger.append(1.0, [], [PointBatch(AttemptKey(experiment, trial, epoch), series)])
        model.log(epoch, trial, series)
    reader = ledger.reader()
    curves = model.curves()
    assert same(list(reader.points(experiment)), [(*key, *curve) for key, curve in sorted(curves.items())])
    latest = {
        (key.trial, metric): found
        for key, values in reader.latest(experiment).items()
        for metric, found in values.items()
    }
    assert latest.keys() == curves.keys()
    for key, (steps, values) in curves.items():
        assert latest[key] == (steps[-1], pytest.approx(values[-1], rel=0, abs=0, nan_ok=True))
    reader.close()


@settings(deadline=None, max_examples=40)
@given(sizes=st.lists(st.integers(0, 5), max_size=15), after=st.integers(0, 40))
def test_however_events_are_batched_they_are_replayed_one_by_one(ledger, sizes, after):
    before = ledger.append(0.0, [])
    numbers = count(before + 1)
    for size in sizes:
        ledger.append(float(size), [TimerDue(1, str(next(numbers))) for _ in range(size)])
    found = [(entry.seq, entry.event.name) for entry in ledger.replay(before + after)]
    assert found == [(n, str(n)) for n in range(before + after + 1, before + sum(sizes) + 1)]
