"""A model's reference against rows in files, offline: what `daybreak monitor compare` does."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from daybreak.base.errors import NotFound, UsageError
from daybreak.batch.job import Request, planned
from daybreak.batch.running import predicted, source
from daybreak.batch.sources import Taken
from daybreak.inference.loading import load
from daybreak.monitoring.drift import Verdict, judge
from daybreak.monitoring.performance import Estimate, Outcomes, Performance, estimated, measured, outcomes_of
from daybreak.monitoring.policy import Policy
from daybreak.monitoring.records import Reference
from daybreak.monitoring.reference import from_json
from daybreak.monitoring.window import Window
from daybreak.registry.package import Package, verify
from daybreak.signature.columns import length
from daybreak.signature.fields import Columns

RECORD = "reference.json"
TRUTH = "_truth"  # the name, beside outputs, under which right answers are read

Progress = Callable[[int], None]  # rows compared so far


class Compared(msgspec.Struct, frozen=True):
    """What rows in files say. `rejected`: rows that the model would have refused."""

    model: str
    version: int
    rows: int
    rejected: int
    verdict: Verdict
    performance: Performance | None = None
    estimate: Estimate | None = None


def compare(
    folder: Path,
    files: tuple[str, ...],
    policy: Policy,
    *,
    predict: bool = True,
    truth: str = "",
    columns: Mapping[str, str] | None = None,
    tell: Progress,
) -> Compared:
    """Rows of files against the reference of the package in `folder`. `truth`: the column of right answers; `columns`: `batch.plan.Plan`.

    Raises `DamagedFile` where the package was altered, `NotFound` where it has no reference or a file is not there, `UsageError` where
    rows cannot be the model's.
    """
    package = verify(folder)
    reference = _reference(folder, package)
    window, outcomes, rejected, known = Window(reference), Outcomes(), 0, False
    request = Request(folder, files, "", dict(columns or {}), (f"{TRUTH}={truth}",) if truth else ())
    for taken, outputs in _answered(request, package, predict=predict):
        rejected += len(taken.faults)
        rows = length(taken.columns)
        if rows:
            window.add(taken.columns, outputs, rows)
        if truth and outputs:
            right = taken.kept[TRUTH].to_pylist()
            known = known or any(answer is not None for answer in right)
            outcomes = outcomes_of(reference, outputs, right, outcomes)
        tell(window.rows)
    part = window.take()
    _check_rows(part.rows, rejected)
    if truth and predict and not known:
        raise UsageError(f"no row has a right answer in {truth!r}: name the column of right answers: --truth COLUMN")
    if not predict:  # answers were not asked: nothing is missing
        part = msgspec.structs.replace(part, tracks={k: v for k, v in part.tracks.items() if k.startswith("input")})
    estimate = estimated(reference, part, policy) if predict else None
    verdict = judge(reference, part, policy)
    performance = measured(reference, outcomes, policy)
    return Compared(package.name, package.version, part.rows, rejected, verdict, performance, estimate)


def _check_rows(rows: int, rejected: int) -> None:
    if not rows:
        why = f"all {rejected:,} are none that the model takes" if rejected else "they hold none"
        raise UsageError(f"nothing can be compared without rows, and of these files {why}; name files with rows")


def _reference(folder: Path, package: Package) -> Reference:
    try:
        return from_json((folder / RECORD).read_bytes())
    except FileNotFoundError:
        raise NotFound(
            f"{package.name} {package.version} has no {RECORD}: it was registered without samples; register it with some"
        ) from None


def _answered(request: Request, package: Package, *, predict: bool) -> Iterator[tuple[Taken, Columns]]:
    """Pieces of all files, with the model's answers where they are asked for."""
    plan = planned(request, package)
    sources = [source(index, given, plan, package.signature) for index, given in enumerate(plan.inputs)]
    for one in sources:
        one.check()
    model = load(request.folder) if predict else None
    try:
        for one in sources:
            for piece in one.pieces(lambda _: True):
                taken = one.taken(piece)
                outputs: Columns = {}
                if model is not None and length(taken.columns):
                    taken, outputs = predicted(model, taken, plan.batch)
                yield taken, outputs
    finally:
        if model is not None:
            model.close()
