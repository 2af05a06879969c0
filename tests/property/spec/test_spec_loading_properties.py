"""Whatever a file holds: an experiment, or a SpecError whose every fault has a place."""

from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.base.errors import SpecError
from daybreak.spec.dump import to_yaml
from daybreak.spec.loading import from_mapping, load
from daybreak.testing.strategies import experiments

CALM = settings(deadline=None, max_examples=50)  # the machine may be busy

KEYS = st.sampled_from(
    [
        "name",
        "run",
        "folder",
        "code",
        "space",
        "constraints",
        "objective",
        "objectives",
        "score",
        "standing",
        "metrics",
        "search",
        "budget",
        "resources",
        "retry",
        "points",
        "baseline",
        "confirm",
        "checkpoint_every",
        "disk_cap",
        "priority",
        "max_slots",
        "environment",
        "seed",
        "lr",
        "uniform",
        "log",
        "int",
        "choice",
        "constant",
        "step",
        "when",
        "count",
        "kind",
        "low",
        "high",
        "options",
        "maximize",
        "minimize",
        "metric",
        "direction",
        "method",
        "sampler",
        "max_units",
        "wall",
        "trials",
        "units",
        "value",
        "slots",
        "augment",
    ]
)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 100), st.floats(), KEYS, st.text(max_size=6),
    st.sampled_from(["train:main", "python t.py --lr {lr}", "lr > 3", "5m", "2GiB", "asha"]),
)  # fmt: skip
DATA = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4) | st.tuples(inner),
    max_leaves=12,
)


def _faults(read):
    try:
        read()
    except SpecError as error:
        return error.faults
    return None


@CALM
@given(st.dictionaries(KEYS, DATA, max_size=6))
def test_any_mapping(data):
    faults = _faults(lambda: from_mapping(data, folder="/"))
    assert faults is None or all(fault.message and str(fault.place).startswith("<python>") for fault in faults)
    assert faults != ()


@CALM
@given(st.text(max_size=80) | st.text(alphabet="ab:- \n\t{}[],'\"#&*!|>%@`0123456789e.~", max_size=80))
def test_any_text(text):
    faults = _faults(lambda: load(text, source="x.yaml", folder="/"))
    assert faults  # too short to be an experiment
    assert all(fault.place.line >= 1 and fault.place.column >= 1 for fault in faults)


@CALM
@given(experiments(), st.data())
def test_a_file_with_a_line_lost_or_doubled(experiment, data):
    lines = to_yaml(experiment).splitlines(keepends=True)
    position = data.draw(st.integers(0, len(lines) - 1))
    lines[position] *= data.draw(st.sampled_from([0, 2]))
    faults = _faults(lambda: load("".join(lines), source="x.yaml", folder="/"))
    for fault in faults or ():
        assert 1 <= fault.place.line <= len(lines) + 1
        assert fault.place.text == "".join(lines).splitlines()[fault.place.line - 1 : fault.place.line][0]
