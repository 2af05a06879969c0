"""What `run.ship` is told: the model as its users would call it, and real rows with their right answers."""

from dataclasses import dataclass, field
from typing import Any

from daybreak.base.errors import UsageError

DESCRIBED = (
    "names", "classes", "units", "output", "signature", "before", "after", "assets", "calibration", "answers", "reported",
)  # fmt: skip


@dataclass(frozen=True)
class Shipped:
    """One call. `described`: how the rows are to be understood, by the names in `DESCRIBED`."""

    model: Any
    inputs: Any
    targets: Any = None
    described: dict[str, Any] = field(default_factory=dict)


def shipped(model: Any, inputs: Any, targets: Any, described: dict[str, Any]) -> Shipped:
    """The call, checked while training already. Raises `UsageError`."""
    unknown = [name for name in described if name not in DESCRIBED]
    if unknown:
        raise UsageError(
            f"run.ship takes {', '.join(DESCRIBED)} beside the model and its rows, got {', '.join(unknown)}"
        )
    if "reported" in described:
        described = {**described, "reported": _reported(described["reported"], targets)}
    inputs, targets = _array(inputs), _array(targets)
    counts = {_rows(column) for column in inputs.values()} if isinstance(inputs, dict) else {_rows(inputs)}
    if len(counts) > 1:
        raise UsageError(
            f"run.ship takes columns of one length, got {', '.join(map(str, sorted(counts, key=str)))} rows"
        )
    (rows,), answers = counts or {None}, _rows(targets)
    if answers is not None and rows is not None and rows != answers:
        raise UsageError(f"run.ship takes one right answer a row, got {rows} rows and {answers} answers")
    return Shipped(model, inputs, targets, described)


def _reported(told: Any, targets: Any) -> dict[str, str]:
    """The export's metric -> the name it was reported by, of these very rows."""
    names = {told: told} if isinstance(told, str) else told
    if not isinstance(names, dict) or not all(isinstance(one, str) for pair in names.items() for one in pair):
        raise UsageError(
            'reported= names what run.report told of these very rows: "accuracy", or {"accuracy": "val_accuracy"} '
            f"(the export's name: yours), got {told!r}"
        )
    if targets is None:
        raise UsageError(
            "reported= is held against a metric of these rows, which needs their right answers: run.ship(model, x, y)"
        )
    return names


def _array(values: Any) -> Any:
    """Tensors as arrays, in a dict of columns, too."""
    if isinstance(values, dict):
        return {name: _array(column) for name, column in values.items()}
    return values.detach().cpu().numpy() if hasattr(values, "detach") else values


def _rows(values: Any) -> int | None:
    """How many; None where that cannot be told."""
    return len(values) if hasattr(values, "__len__") else None
