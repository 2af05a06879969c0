"""The way in from Python: `daybreak.audit.run(train=..., test=..., target=...)`, `daybreak.audit.code([...])`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from daybreak.readers.request import Request
from daybreak.validation.asking import MOST_ROWS, Told
from daybreak.validation.report import Report
from daybreak.validation.running import Options
from daybreak.validation.running import run as run_audit


def run(
    train: Any = None,
    test: Any = None,
    *,
    data: Any = None,
    split_by: str = "",
    target: str = "",
    group: str | Sequence[str] = (),
    time: str = "",
    id: str | Sequence[str] = (),  # noqa: A002 (the command line's word)
    task: Any = None,
    known: Sequence[str] = (),
    unknown: Sequence[str] = (),
    validation: Any = None,
    predictions: Any = None,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    seed: int = 0,
    most_rows: int = MOST_ROWS,
    told: Told | None = None,
    **reading: Any,
) -> Report:
    """Audit a split. `train`, `test`: paths, or arrays, Arrow tables, data frames, or (X, y) of them; or `data` with `split_by`.

    `task`: "classification", "regression" or "forecast"; left out, the target says. `known`, `unknown`: columns declared to be (not) at
    hand when a prediction is asked for. `predictions`: of your model for the test rows, in order: labels (n,), values (n,), or
    probabilities (n, classes) in the order of the sorted classes. `reading`: further fields of `readers.request.Request`
    (`names`, `header`, `delimiter`, `text`). Raises `UsageError` for what cannot be read or does not fit together.
    """
    request = Request(
        train=train,
        test=test,
        validation=validation,
        data=data,
        split_by=split_by,
        target=target,
        group=_names(group),
        time=time,
        id=_names(id),
        task=task,
        known=tuple(known),
        unknown=tuple(unknown),
        **reading,
    )
    told = told or (lambda *_: None)
    return run_audit(
        request,
        Options(only=tuple(only), skip=tuple(skip), seed=seed, most_rows=most_rows, predictions=predictions, told=told),
    )


def code(paths: Sequence[str | Path]) -> Report:
    """Audit Python files, notebooks and folders of them. Raises `UsageError` for what cannot be read."""
    from daybreak.validation.code_files import audit_code

    return audit_code([Path(path) for path in paths])


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) and given else tuple(given)
