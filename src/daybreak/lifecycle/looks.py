"""Looks at sealed test data: counted when it is opened, per family of models. What they give decides nothing here.

A family is an experiment and all that was forked from it, known by the name of the oldest of them; so handing the same file in once more
is no new family. Looks of one family at the same bytes count together, whatever the dataset is called.
"""

from msgspec import structs

from daybreak.base.errors import NotFound
from daybreak.lifecycle.events import SealedOpened, SealedScored
from daybreak.lifecycle.state import Attempt, Experiment, State, mark
from daybreak.wire.rows import LookRow


def opened(state: State, exp: Experiment, attempt: Attempt, event: SealedOpened) -> bool:
    """One look more. False for a repeat."""
    if event.number in attempt.looks:
        return False
    key = attempt.key
    row = LookRow(
        *(key.experiment, key.trial, key.epoch, event.number, state.at, family(state, exp.number)),
        *(event.data, event.sealed, event.units, {}, None),
    )
    _put(state, attempt, row)
    mark(state, exp)
    return True


def scored(state: State, exp: Experiment, attempt: Attempt, event: SealedScored) -> bool:
    """What that look gave. False for one that was not counted, and for a repeat."""
    row = attempt.looks.get(event.number)
    if row is None or row.scored is not None:
        return False
    _put(state, attempt, structs.replace(row, metrics=dict(event.metrics), scored=state.at))
    mark(state, exp)
    return True


def family(state: State, experiment: int) -> str:
    """The name of the experiment at the root of its lineage, as far as this home knows it. Raises `NotFound`."""
    seen: set[int] = set()
    while (exp := state.experiments.get(experiment)) is not None:
        seen.add(experiment)
        parent = _parent(exp)
        if parent is None or parent in seen or not (parent in state.experiments or parent in state.imported):
            return exp.spec.name
        experiment = parent
    event = state.imported.get(experiment)
    if event is None:
        raise NotFound(f"there is no experiment {experiment}")
    return event.looks[0].family if event.looks else event.row.name


def _parent(exp: Experiment) -> int | None:
    """3 of `3`, `3.17` and `3.17@9`."""
    number = exp.spec.parent.partition("@")[0].partition(".")[0]
    return int(number) if number.isdecimal() else None


def _put(state: State, attempt: Attempt, row: LookRow) -> None:
    attempt.looks[row.number] = row
    state.touched.looks[attempt.key, row.number] = row
