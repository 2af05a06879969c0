"""What training reported, held against what the package measures of itself: a second way to see that rows are prepared as in training.

Two values of one metric may only be compared where they are of the same rows, which nobody but the training code knows: it says so by
`run.ship(model, x_valid, y_valid, reported="val_accuracy")`. Then they must agree. Else both are shown, and nothing is concluded.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from daybreak.base.errors import DamagedFile

FILE = "reported.json"
ALLOWED = (
    0.005  # of what training reported: batches of another size round otherwise, and a few rows are decided by that
)
ROUNDED = 5e-4  # it may have been rounded to three digits

Result = Literal["agrees", "differs", "not known"]


class Held(msgspec.Struct, frozen=True, omit_defaults=True):
    """One metric of the export beside one of training.

    `metric`: the export's name for it, with its value on the shipped rows, `export`; `name`: training's, with its value where the
    checkpoint was written, `value`, and its best of the whole trial, `best`, where it is an objective; `allowed`: by how much both may
    differ, in the metric's own unit; `says`: a sentence for people.
    """

    metric: str
    name: str
    result: Result
    says: str
    export: float | None = None
    value: float | None = None
    best: float | None = None
    allowed: float | None = None


class Trained(msgspec.Struct, frozen=True):
    """What is known of a trial at `units`.

    `at`: what it reported there; `best`: of its objectives; `scored`: on other rows: (metric, value, words) each.
    """

    units: int
    at: dict[str, float]
    best: dict[str, float]
    scored: tuple[tuple[str, float, str], ...] = ()


def hold(export: Mapping[str, float], trained: Trained, reported: Mapping[str, str], loss: float) -> tuple[Held, ...]:
    """Every pair that can be shown. `reported`: export's metric -> training's of the same rows; `loss`: what the precision may cost."""
    found = [_declared(metric, name, export, trained, loss) for metric, name in reported.items()]
    shown = set(reported.values())
    found += [_shown(name, export, trained) for name in _worth_showing(export, trained) if name not in shown]
    found += [_scored(export, *one) for one in trained.scored if one[0] in export]
    return tuple(found)


def write(folder: Path, held: Iterable[Held]) -> None:
    """reported.json of a package that is being made."""
    (folder / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(list(held)), indent=1))


def read(folder: Path) -> tuple[Held, ...]:
    """What a package keeps of it: nothing for a model that was not trained here. Raises `DamagedFile`."""
    try:
        return tuple(msgspec.json.decode((folder / FILE).read_bytes(), type=list[Held]))
    except FileNotFoundError:
        return ()
    except msgspec.MsgspecError as error:
        raise DamagedFile(f"{folder / FILE} cannot be read: {error}; register the model again") from error


def _declared(metric: str, name: str, export: Mapping[str, float], trained: Trained, loss: float) -> Held:
    measured, value = export.get(metric), trained.at.get(name)
    if measured is None:
        return _unknown(metric, name, trained, None, f"the export measures {_names(export)} on these rows, no {metric}")
    if value is None:
        known = f"training reported {_names(trained.at)} there, no {name}"
        return _unknown(metric, name, trained, measured, f"{metric} is {measured:.4g} of the export; {known}")
    allowed = max(ALLOWED, loss) * abs(value) + ROUNDED
    agrees = math.isfinite(value) and abs(value - measured) <= allowed
    told = f"training reported {name} {value:.4g} of these rows after {trained.units} units{_best(name, trained)}"
    held = f"{told}, the export reaches {metric} {measured:.4g}"
    says = (
        held
        if agrees
        else f"{held}: they may differ by {allowed:.2g}; rows are not prepared as in training, or are others"
    )
    return Held(
        metric,
        name,
        "agrees" if agrees else "differs",
        says,
        measured,
        _finite(value),
        _best_of(name, trained),
        allowed,
    )


def _shown(name: str, export: Mapping[str, float], trained: Trained) -> Held:
    metric = name if name in export else next(iter(export), "")
    value = trained.at.get(name)
    told = (
        f"{name} {value:.4g} after {trained.units} units"
        if value is not None
        else f"no {name} after {trained.units} units"
    )
    own = f"the export has {metric} {export[metric]:.4g}" if metric else "the export has no metric"
    says = f"training reported {told}{_best(name, trained)}, {own}; {_advice(metric, name)}"
    return _unknown(metric, name, trained, export.get(metric), says)


def _advice(metric: str, name: str) -> str:
    """What would let both be compared, where they may be the same metric (accuracy, val_accuracy)."""
    if not metric or metric not in name:
        return "they are not the same metric"
    said = f'"{name}"' if name == metric else f'{{"{metric}": "{name}"}}'
    return f"whether of the same rows is not known: run.ship(..., reported={said}) says so"


def _scored(export: Mapping[str, float], metric: str, value: float, words: str) -> Held:
    says = (
        f"{metric} was {value:.4g} {words}, the export has {export[metric]:.4g} on the shipped rows, which are others"
    )
    return Held(metric, metric, "not known", says, export[metric], _finite(value))


def _unknown(metric: str, name: str, trained: Trained, export: float | None, says: str) -> Held:
    value = trained.at.get(name)
    return Held(
        metric, name, "not known", says, export, None if value is None else _finite(value), _best_of(name, trained)
    )


def _worth_showing(export: Mapping[str, float], trained: Trained) -> Iterator[str]:
    """The objectives, and what is called as one of the export's."""
    yield from dict.fromkeys([*trained.best, *(name for name in export if name in trained.at)])


def _best(name: str, trained: Trained) -> str:
    best = _best_of(name, trained)
    return "" if best is None else f" (its best: {best:.4g})"


def _best_of(name: str, trained: Trained) -> float | None:
    return _finite(trained.best.get(name, math.nan))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _names(values: Mapping[str, float]) -> str:
    return ", ".join(values) or "nothing"
