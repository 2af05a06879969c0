"""What a test says now, as one record: for `daybreak ab status`, for `GET /ab` and for the page. Numbers, and the same in words."""

from pathlib import Path

import msgspec

from daybreak.base.errors import DamagedFile
from daybreak.rollout.comparison import ArmSeen
from daybreak.rollout.guardrails import Watched
from daybreak.rollout.reading import Reading
from daybreak.rollout.shadow import Agreement
from daybreak.rollout.verdict import Verdict, mismatch, sentence, verdict, violation
from daybreak.serving.deployment import Deployment
from daybreak.serving.experiment import REPORT
from daybreak.serving.experiment.following import Following, write
from daybreak.serving.experiment.record import Experiment, experiment_of


class ArmTold(msgspec.Struct, frozen=True):
    """One arm: what it is, what it was given (share of units, 0 to 1), what came.

    `seconds`: the geometric mean of its answers; `stopped`: why it left before the test ended.
    """

    name: str
    role: str
    model: str
    version: int
    weight: float
    requests: int = 0
    units: int = 0
    failed: int = 0
    seconds: float | None = None
    stopped: str = ""


class ShadowTold(msgspec.Struct, frozen=True):
    """One shadow: rows compared and alike, with the confidence sequence of that share; `gap`: mean difference of scores or numbers."""

    name: str
    rows: int
    alike: int
    share: float | None
    low: float
    high: float
    gap: float | None
    largest: float
    failed: int
    seconds: float | None
    said: str


class ReadingTold(msgspec.Struct, frozen=True):
    """A comparison and its sentence."""

    reading: Reading
    said: str


class RatioTold(msgspec.Struct, frozen=True):
    """The sample-ratio check: units by arm as seen and as dealt, the sequential p-value, whether it blocks the readout."""

    seen: tuple[int, ...]
    expected: tuple[float, ...]
    p: float
    blocks: bool
    said: str


class GuardTold(msgspec.Struct, frozen=True):
    """A guard and, where it is violated, its sentence."""

    watched: Watched
    said: str


class Report(msgspec.Struct, frozen=True):
    """All of it. `state`: running, or ended with the reason in `because`. Times are seconds since 1970."""

    state: str
    began: float
    at: float
    verdict: Verdict
    arms: tuple[ArmTold, ...]
    readings: tuple[ReadingTold, ...]
    ratio: RatioTold
    guards: tuple[GuardTold, ...]
    shadows: tuple[ShadowTold, ...]
    ended: float | None = None
    because: str = ""


def report(test: Following, at: float, drifted: dict[str, str] | None = None) -> Report:
    """What the test says at a moment. `drifted`: by arm what monitoring says of its predictions."""
    found, comparison = test.experiment, test.comparison
    guards = comparison.guards(drifted)
    elapsed = (found.ended or at) - found.began
    ratio = comparison.ratio()
    champion = comparison.names[0]
    ended = found.ended is not None
    said = mismatch(comparison.names, ratio) if ratio.mismatched else ""
    return Report(
        "ended" if ended else "running",
        found.began,
        at,
        verdict(comparison, guards, elapsed, found.stopped, ended=ended),
        _arms(test),
        tuple(_reading(one, champion, elapsed, ended=ended) for one in comparison.readings()),
        RatioTold(ratio.seen, ratio.expected, ratio.p, ratio.mismatched, said),
        tuple(GuardTold(one, violation(one) if one.violated else "") for one in guards),
        tuple(_shadow(name, agreement, champion) for name, agreement in test.shadows.items()),
        found.ended,
        found.because,
    )


def _reading(one: Reading, champion: str, elapsed: float, *, ended: bool) -> ReadingTold:
    """A test that has ended wants no more outcomes."""
    told = msgspec.structs.replace(one, more=None) if ended else one
    return ReadingTold(told, sentence(one, champion, elapsed, ended=ended))


def _arms(test: Following) -> tuple[ArmTold, ...]:
    found, now = test.experiment, test.experiment.history[-1].weights
    seen = {one.name: one for one in test.comparison.arms()}
    told = []
    for name in (*found.arms, *found.shadows):
        one = seen.get(name, ArmSeen(name, 0, 0, 0, None))
        model, version = found.versions[name]
        weight = now.get(name, 0.0)
        counted = (one.requests, one.units, one.failed, one.seconds)
        told.append(
            ArmTold(name, found.role(name), model, version, weight, *counted, stopped=found.stopped.get(name, ""))
        )
    return tuple(told)


def _shadow(name: str, seen: Agreement, champion: str) -> ShadowTold:
    low, high = seen.interval()
    many = seen.compared
    if many:
        share = f"{name} answers like those it shadows ({champion} first) for {seen.share:.1%} of {many:,} rows"
        said = f"{share} (95 % sequence: {low:.1%} to {high:.1%})".replace("%", " %").replace("95  %", "95 %")
    else:
        said = f"{name} has not been compared yet"
    return ShadowTold(
        name,
        many,
        seen.alike,
        seen.share if many else None,
        low,
        high,
        seen.mean_gap,
        seen.largest,
        seen.failed,
        seen.seconds / many if many else None,
        said + (f"; it failed on {seen.failed:,} more." if seen.failed else "."),
    )


def publish(folder: Path, told: Report) -> None:
    """Write HOME/deployments/NAME/experiment.json. Raises `OSError`."""
    write(folder / REPORT, msgspec.json.format(msgspec.json.encode(told), indent=1))


def published(folder: Path) -> Report | None:
    """What was written last; None before the first. Raises `DamagedFile`."""
    try:
        return msgspec.json.decode((folder / REPORT).read_bytes(), type=Report)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise DamagedFile(
            f"{folder / REPORT} is no readout of a test: {error}; the supervisor writes it anew"
        ) from error


def latest(folder: Path, deployment: Deployment, at: float, *, supervised: bool) -> Report:
    """What the test says: as its supervisor wrote it, else folded here and now. Raises `NotFound` where there was none."""
    found = experiment_of(deployment)
    told = published(folder)
    if supervised and told is not None and _is_of(told, found):
        return told
    test = Following(folder, found)
    test.poll()
    return report(test, at)


def _is_of(told: Report, found: Experiment) -> bool:
    """Whether it was written since the test was changed last."""
    weights = {arm.name: arm.weight for arm in told.arms if arm.weight}
    now = {name: weight for name, weight in found.history[-1].weights.items() if weight}
    return (told.began, told.ended, weights) == (found.began, found.ended, now)
