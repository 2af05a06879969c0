"""`python -m daybreak.train.segment`: train segments of trials again, for a proof. Speaks `wire.segment` on standard input and output.

Everything a run meets here is what an attempt meets: the same loading, seeding and checkpoints (`worker.attend`); in place of an agent
stands a link that knows in advance where to save and where to end. Where it is safe user code is imported once and each
segment trains in a fork of this process, as attempts do; else this process trains one segment itself.
"""

import contextlib
import faulthandler
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from daybreak.base.errors import DaybreakError, VaultError
from daybreak.base.ids import AttemptKey
from daybreak.provenance import machine
from daybreak.train import reading, user_code, warmup, worker
from daybreak.train.failures import failure
from daybreak.train.fingerprint import fingerprint
from daybreak.train.leaving import EXIT_CRASHED
from daybreak.train.link import Standing
from daybreak.train.processes import die_with, limit_threads, set_threads
from daybreak.train.reports import Series
from daybreak.train.user_code import UserCode
from daybreak.vault.store import Vault
from daybreak.wire import segment as wire
from daybreak.wire.worker import Assignment, Ended, Failure, FromWorker, Opened, Started, Verdict

SHARDS = "daybreak.train.shards.sharded"
_OPERATOR = re.compile(r"(\S+) does not have a deterministic implementation|(CuBLAS) configuration")

Say = Callable[[wire.FromSegment], None]


class ProofLink:
    """Directs a run along a segment and tells what it reports and saves."""

    flush_every = 0.0

    def __init__(self, segment: wire.Segment, say: Say) -> None:
        self._segment = segment
        self._say = say
        self._vault = Vault(segment.vault)
        self._kept = {*segment.save_at, segment.until}
        self.ended: Ended | None = None

    def next_stop(self, units: int) -> int | None:
        """The target from here on: where to save next, or to end."""
        if self._segment.every:
            return units + 1
        return min((stop for stop in self._kept if stop is not None and stop > units), default=None)

    def send(self, frame: FromWorker) -> None:
        """Of an attempt's frames the last one says how it went."""
        if isinstance(frame, Ended):
            self.ended = frame
        elif not isinstance(frame, Started):
            raise TypeError(f"an attempt sends Started and Ended by itself, got {type(frame).__name__}")

    def points(self, series: Series) -> None:
        """Tell them, bit by bit."""
        told = {name: (steps, [value.hex() for value in values]) for name, (steps, values) in series.items()}
        self._say(wire.Told(told))

    def can_take_points(self) -> bool:
        """Always."""
        return True

    def settle(self) -> None:
        """Nothing is unanswered."""

    def ask(self, report: Standing) -> Verdict:
        """Where the segment ends, freeze or finish; else save where that is asked for, and go on."""
        until, units = self._segment.until, report.units
        if until is not None and units >= until and self._segment.end != "return":
            return Verdict(number=0, action=self._segment.end)
        save = self._segment.every or units in self._kept
        return Verdict(number=0, action="go", target=self.next_stop(units), save=save)

    def freeze_wanted(self) -> bool:
        """Nobody wants the slots back."""
        return False

    def saved(self, units: int, digest: str, size: int, seconds: float) -> None:
        """Tell its hashes; one that was written for its hashes alone goes."""
        del seconds
        tree = reading.decode(self._vault.read(digest))
        told, limits = fingerprint(tree), _limits(tree["kept"])
        kept = units in self._kept
        if not kept:
            self._vault.delete(digest)
        self._say(wire.Stood(units, told, digest if kept else "", size, limits))

    def unsaved(self, units: int, why: str) -> None:
        """Nothing is written behind the training of a proof."""
        raise VaultError(f"no checkpoint at {units} units: {why}")

    def damaged(self, digest: str) -> None:
        """A segment that does not start where it should proves nothing."""
        raise VaultError(f"the checkpoint {digest[:12]}… that the segment starts from cannot be used")

    def open_sealed(self, data: str, units: int) -> Opened:
        """Where it lies, so that training goes on as it did; nobody is told what comes of it, so it is no look."""
        del units
        places = self._segment.sealed
        place = places.get(data, "") if data or len(places) != 1 else next(iter(places.values()))
        return Opened(0, place, "" if place else f"the recorded run has no sealed data {data!r}")

    def scored(self, number: int, metrics: dict[str, float]) -> None:
        """A proof compares training; it shows no test score."""


def train(segment: wire.Segment, load: worker.Loader, say: Say) -> None:
    """Train one segment and say how it went."""
    os.environ.update(segment.environment)
    set_threads(segment.threads)
    link = ProofLink(segment, say)
    order = worker.Order(_KEY, "", "", segment.code, 0.0)
    undetermined: set[str] = set()
    with _operators_named(undetermined) if segment.diagnose else contextlib.nullcontext():
        worker.attend(_assignment(segment, link), link, order, load)
    ended = link.ended or Ended(attempt=_KEY, reason="crashed", units=segment.start.units if segment.start else 0)
    say(
        wire.Trained(
            units=ended.units,
            failure=ended.failure,
            undetermined=tuple(sorted(undetermined)),
            sharded=SHARDS in sys.modules,
            libraries=_libraries(),
            machine=machine.facts(),
            files=_files(segment.code),
        )
    )


_KEY = AttemptKey(0, 0, 1)


def _assignment(segment: wire.Segment, link: ProofLink) -> Assignment:
    units = segment.start.units if segment.start else 0
    return Assignment(
        attempt=_KEY,
        run=segment.run,
        folder=segment.folder,
        point=segment.point,
        seed=segment.seed,
        units=units,
        target=link.next_stop(units),
        horizon=segment.horizon,
        objectives=segment.objectives,
        vault=segment.vault,
        scratch=segment.scratch,
        checkpoint=segment.start,
        checkpoint_every=0.0,
        rank=segment.rank,
        world_size=segment.world_size,
        data=segment.data,
        sealed=tuple(segment.sealed),
    )


def _limits(kept: dict[str, Any]) -> tuple[str, ...]:
    """What adapters say of themselves: where bits may part."""
    states = [(name, state["limits"]) for name, state in kept.items() if isinstance(state, dict) and "limits" in state]
    told = [(name, limit) for name, limits in states if isinstance(limits, list | tuple) for limit in limits]
    return tuple(f"{name}: {limit}" for name, limit in told if isinstance(limit, str))


@contextlib.contextmanager
def _operators_named(names: set[str]) -> Iterator[None]:
    """Let torch warn of each operator that has no deterministic form, and take the names down."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return

    def note(message: Any, *_: Any, **__: Any) -> None:
        if found := _OPERATOR.search(str(message)):
            names.add(found[1] or found[2])

    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = note
        yield


def _libraries() -> dict[str, str]:
    """Top-level modules that were loaded from an environment and say their version."""
    found = {}
    for name, module in list(sys.modules.items()):
        version = getattr(module, "__version__", None)
        if "." not in name and isinstance(version, str) and "site-packages" in (getattr(module, "__file__", "") or ""):
            found[name] = str(version)  # torch has a class of its own for it
    return dict(sorted(found.items()))


def _files(code: str) -> tuple[str, ...]:
    """Imported files below the folder of code, relative to it."""
    inside = os.path.realpath(code) + os.sep
    files = {os.path.realpath(getattr(module, "__file__", None) or "") for module in list(sys.modules.values())}
    own = {file.removeprefix(inside) for file in files if file.startswith(inside)}
    return tuple(sorted(file for file in own if "site-packages" not in file))


def main() -> int:
    """Serve one proof until it closes our standard input; the exit code."""
    faulthandler.enable()
    die_with(os.getppid())
    say = _take_output()
    try:
        setup = wire.decode_setup(sys.stdin.buffer.readline())
        code = _get_ready(setup)
    except (Exception, SystemExit) as error:  # noqa: BLE001 (user code may raise anything)
        say(wire.Unfit(failure(error, kind="import")))
        return EXIT_CRASHED
    forks = not setup.fresh and not warmup.why_unsafe()
    say(wire.Ready("fork" if forks else "spawn"))
    for line in sys.stdin.buffer:
        segment = wire.decode_segment(line)
        if not forks:
            _train_contained(segment, lambda: code, say)
            return 0
        _train_in_fork(segment, code, say)
    return 0


def _get_ready(setup: wire.Setup) -> UserCode:
    """As the warm parent, or as a process that was spawned for one attempt."""
    os.chdir(setup.folder)
    sys.path.insert(0, setup.code)
    sys.argv = [setup.run]
    if setup.fresh:
        set_threads(setup.threads)
        return worker.load_fresh(setup.run, setup.code)
    limit_threads(1)
    code = user_code.load(setup.run)
    warmup.warm_up()
    user_code.prepare(code)
    return code


def _train_in_fork(segment: wire.Segment, code: UserCode, say: Say) -> None:
    sys.stderr.flush()
    ours = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            die_with(ours)
            _train_contained(segment, lambda: code, say)
        finally:
            sys.stderr.flush()
            os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status:
        say(wire.Trained(units=0, failure=Failure("signal", f"the process ended with status {status}")))


def _train_contained(segment: wire.Segment, load: worker.Loader, say: Say) -> None:
    """Whatever happens, a last line is said."""
    try:
        train(segment, load, say)
    except BaseException as error:  # noqa: BLE001 (a proof waits for its last line)
        say(wire.Trained(units=0, failure=failure(error, segment.code, segment.folder)))


def _take_output() -> Say:
    """Standard output is ours alone: what user code prints goes where errors go."""
    lines = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def say(line: wire.FromSegment) -> None:
        lines.write(wire.encode(line) + b"\n")
        lines.flush()

    return say


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DaybreakError as problem:
        sys.exit(problem.exit_code)
