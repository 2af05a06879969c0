"""In the supervisor: what replicas counted becomes windows, windows are judged when they are due, and what is new is told.

What is open is kept in windows/state.json, so that a supervisor that starts again goes on, and counts each part of a replica once.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from daybreak.base.errors import DaybreakError
from daybreak.monitoring.drift import Verdict, judge
from daybreak.monitoring.performance import Outcomes, estimated, measured
from daybreak.monitoring.records import Partial, Reference
from daybreak.monitoring.reference import from_json
from daybreak.monitoring.window import merge
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.events import Offsets, Reader, sweep
from daybreak.serving.watch import alerts, closed, parts, settings, standing, truths
from daybreak.serving.watch.closed import Closed
from daybreak.serving.watch.settings import Watch
from daybreak.serving.watch.standing import ArmStanding

STATE = "windows/state.json"
RECORD = "reference.json"
DAY = 86_400.0
AGAIN = 30.0  # seconds after which a standing that has not changed is written again, to say that somebody looks
GONE = 60.0  # seconds after which a version that is served no more gets no more rows

Tell = Callable[[alerts.Message, Watch], None]

_log = logging.getLogger("daybreak.serving")


class Open(msgspec.Struct):
    """The window of one version that is open."""

    model: str
    package: str
    since: float
    until: float
    window: Partial
    skipped: int = 0


class State(msgspec.Struct):
    """What is kept. Keys of versions: arm and version, joined by a tab."""

    open: dict[str, Open] = {}
    taken: list[str] = []  # files that were merged and perhaps not yet removed
    outcomes: dict[str, Outcomes] = {}
    told: dict[str, alerts.Told] = {}
    offsets: Offsets = {}
    last: dict[str, ArmStanding] = {}
    day: str = ""  # the last that was seen


class Watching:
    """Of one deployment; only one process may watch it. `tell` hears of alerts; `say`: of what people should know besides."""

    def __init__(self, folder: Path, url: str, tell: Tell, say: Callable[[str], None]) -> None:
        (folder / parts.FOLDER).mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._url = url
        self._tell = tell
        self._say = say
        self._state = _restored(folder / STATE)
        self._reader = Reader(folder / "events", self._state.offsets)
        self._truths = truths.Truths()
        self._references: dict[str, Reference | None] = {}
        self._complained = ""
        self._kept = b""  # the state as it was written last
        self._said_arms: tuple[ArmStanding, ...] | None = None
        self._said_at = 0.0
        self.watch = Watch()  # what was wanted at the last look

    def tick(self, deployment: Deployment, at: float) -> standing.Standing:
        """Take what came, judge what is due (`at`: seconds since 1970). Raises `OSError`."""
        watch = self.watch = self._settings(deployment)
        self._collect()
        self._forget_others(deployment)
        self._meet(deployment)
        self._close_due(deployment, watch, at)
        self._keep()
        told = standing.of_arms(at, tuple(self._standing(served, watch) for served in deployment.served))
        if told.arms != self._said_arms or at - self._said_at > AGAIN:
            standing.write(self._folder, told)
            self._said_arms, self._said_at = told.arms, at
        return told

    def new_day(self, at: float, keep: int) -> str:
        """The day that has ended since the last look, "" where none has; forgets what is too old."""
        today, before = closed.day_of(at), self._state.day
        if today == before:
            return ""
        self._state.day = today
        closed.forget(self._folder, at, keep)
        sweep(self._folder / "events", at - keep * DAY, self._state.offsets)
        return before

    def _settings(self, deployment: Deployment) -> Watch:
        try:
            watch = settings.read(deployment.watch)
        except DaybreakError as error:
            if str(error) != self._complained:
                self._complained = str(error)
                self._say(f"{error}; the defaults are taken")
            return Watch()
        return watch

    def _collect(self) -> None:
        """Merge files of replicas; write that they were merged; remove them."""
        taken = set(self._state.taken)
        merged: list[Path] = []
        for file, held in parts.waiting(self._folder):
            merged.append(file)
            if file.name not in taken:
                for part in held:
                    self._merge(part)
        if merged:
            self._state.taken = [file.name for file in merged]
            self._keep()
            for file in merged:
                file.unlink(missing_ok=True)

    def _merge(self, part: parts.Part) -> None:
        key = _key(part.arm, part.version)
        held = self._state.open.get(key)
        if held is None or held.package != part.package:
            self._state.open[key] = Open(part.model, part.package, part.since, part.until, part.window, part.skipped)
            return
        held.since, held.until = min(held.since, part.since), max(held.until, part.until)
        held.window = merge(held.window, part.window)
        held.skipped += part.skipped

    def _forget_others(self, deployment: Deployment) -> None:
        """What was counted and said of another model that had this arm and version: a name may serve anew what it never did."""
        for served in deployment.served:
            key = _key(served.arm, served.version)
            held, last = self._state.open.get(key), self._state.last.get(key)
            if any(one is not None and one.model != served.model for one in (held, last)):
                for kept in (self._state.open, self._state.last, self._state.outcomes, self._state.told):
                    kept.pop(key, None)

    def _meet(self, deployment: Deployment) -> None:
        """Feedback that tells the truth."""
        outputs = {
            (served.arm, served.version): reference.predicted
            for served in deployment.served
            if (reference := self._reference(served.package)) is not None
        }
        for (arm, version), outcomes in self._truths.met(self._reader.poll(), outputs).items():
            key = _key(arm, version)
            self._state.outcomes[key] = truths.joined(self._state.outcomes.get(key, Outcomes()), outcomes)
        self._state.offsets = self._reader.offsets

    def _close_due(self, deployment: Deployment, watch: Watch, at: float) -> None:
        served = {_key(one.arm, one.version) for one in deployment.served}
        for key, held in list(self._state.open.items()):
            rows, age = held.window.rows, at - held.since
            gone = key not in served and at - held.until > GONE
            due = rows >= watch.policy.rows and (age >= watch.every or gone)
            if due or rows >= watch.most or age >= watch.patience or gone:
                del self._state.open[key]
                self._judge(key, held, deployment.name, watch, at)

    def _judge(self, key: str, held: Open, deployment: str, watch: Watch, at: float) -> None:
        reference = self._reference(held.package)
        if reference is None:
            return
        arm, _, version = key.partition("\t")
        verdict = judge(reference, held.window, watch.policy)
        outcomes = self._state.outcomes.get(key, Outcomes())
        performance = None
        if outcomes.rows >= watch.policy.truths:
            performance = measured(reference, outcomes, watch.policy)
            del self._state.outcomes[key]
        estimate = estimated(reference, held.window, watch.policy)
        counts = held.window if verdict.standing == "drift" else None
        made = Closed(
            arm, held.model, int(version), held.package, held.since, held.until, verdict, held.skipped,
            performance, estimate, counts,
        )  # fmt: skip
        closed.append(self._folder, made)
        before = self._state.last.get(key)
        self._state.last[key] = _told(made, (before.windows if before else 0) + bool(verdict.tests))
        news, told = alerts.news(self._state.told.pop(key, None), made, watch, at)
        if told is not None:
            self._state.told[key] = told
        if news is not None:
            self._tell(alerts.message(deployment, self._url, news, made, at), watch)

    def _standing(self, served: Served, watch: Watch) -> ArmStanding:
        key = _key(served.arm, served.version)
        if self._reference(served.package) is None:
            says = (
                f"{served.model} {served.version} was registered without samples, so there is nothing to compare with"
            )
            return ArmStanding(served.arm, served.model, served.version, "no reference", says)
        held = self._state.open.get(key)
        last = self._state.last.get(key)
        if last is None:
            last = ArmStanding(served.arm, served.model, served.version, "waiting", "the first window is not full yet")
        return msgspec.structs.replace(
            last,
            open_rows=held.window.rows if held else 0,
            judged_rows=watch.policy.rows,
            judged_at=held.since + watch.every if held else None,
            truths=self._state.outcomes.get(key, Outcomes()).rows,
        )

    def _reference(self, package: str) -> Reference | None:
        """What a package is compared with, read once: packages never change."""
        if package not in self._references:
            try:
                self._references[package] = from_json((Path(package) / RECORD).read_bytes())
            except FileNotFoundError:
                self._references[package] = None
            except (DaybreakError, OSError) as error:
                self._references[package] = None
                self._say(f"{package} is not watched: {error}")
        return self._references[package]

    def _keep(self) -> None:
        data = msgspec.json.encode(self._state)
        if data != self._kept:
            file = self._folder / STATE
            partial = file.with_suffix(".partial")
            partial.write_bytes(data)
            partial.replace(file)
            self._kept = data


def _key(arm: str, version: int) -> str:
    return f"{arm}\t{version}"


def _restored(file: Path) -> State:
    """What was kept; nothing where there is none, or it cannot be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=State)
    except FileNotFoundError:
        return State()
    except msgspec.DecodeError as error:
        _log.warning("what monitoring had counted cannot be read and is lost: %s", error)
        return State()


def _told(made: Closed, windows: int) -> ArmStanding:
    verdict: Verdict = made.verdict
    standing_ = "drift" if made.alarms else verdict.standing
    says = verdict.says if verdict.alarms or not made.alarms else next(iter(made.alarms.values()))
    return ArmStanding(
        made.arm, made.model, made.version, standing_, says, made.alarms, standing.loudest(verdict.tests),
        made.since, made.until, verdict.rows, made.skipped, made.performance, made.estimate, windows=windows,
    )  # fmt: skip
