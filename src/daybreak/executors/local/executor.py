"""The agent of this machine: the controller's orders in, events out. It lives on the loop's thread, inside the controller."""

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pydantic

from daybreak.base.errors import VaultError
from daybreak.base.home import Home
from daybreak.base.ids import AttemptKey, TrialKey
from daybreak.executors.local.aside import Aside
from daybreak.executors.local.attempts import Attempt, Site
from daybreak.executors.local.captured import CapturedCode
from daybreak.executors.local.commands import CommandAttempt
from daybreak.executors.local.credentials import Credentials
from daybreak.executors.local.data_watch import DataWatch
from daybreak.executors.local.door import Door
from daybreak.executors.local.environment import pinned
from daybreak.executors.local.failures import make_failure
from daybreak.executors.local.interpreters import interpreter
from daybreak.executors.local.memory import Gauge, in_words, resident, room
from daybreak.executors.local.parents import Recipe, WarmParent
from daybreak.executors.local.suspended import Suspended
from daybreak.executors.local.watchdog import Watchdog
from daybreak.executors.local.workers import FunctionAttempt
from daybreak.lifecycle.commands import DeleteCheckpoint, Freeze, Kill, Launch, Prepare, Release, Verdict
from daybreak.lifecycle.events import (
    AttemptEnded,
    CheckpointDamaged,
    CheckpointDeleted,
    CodeChanged,
    Prepared,
    PrepareFailed,
    Slot,
    SlotsOffered,
)
from daybreak.ports.executor import Order
from daybreak.ports.reactor import Reactor, Timer
from daybreak.provenance.data.given import kept, make_views, sealed_variables
from daybreak.provenance.profiles import named
from daybreak.spec.models import Experiment
from daybreak.vault.store import Vault
from daybreak.wire.parent import Ready
from daybreak.wire.worker import Failure

ROUND = 1.0  # seconds between two looks at memory and at who has gone silent
LEAVING = 2.0  # seconds a warm parent has to end when we close

_log = logging.getLogger(__name__)


class LocalExecutor:
    """Implements `ports.executor.Executor` with this machine's processes.

    `parent_command` starts a warm parent in place of the experiment's interpreter (the descriptor's number is added);
    `suspended_cap` is how many bytes suspended scripts may hold together (None: half of the memory); `gauge` tells what is left.
    """

    def __init__(
        self,
        home: Home,
        slots: Sequence[Slot],
        machine: str = "local",
        parent_command: Sequence[str] = (),
        suspended_cap: int | None = None,
        gauge: Gauge = room,
    ) -> None:
        self._home = home
        self._machine = machine
        self._slots = {slot.number: slot for slot in slots}
        self._parent_command = parent_command
        self._vault = Vault(home.vault)
        self._watchdog = Watchdog()
        self._suspended = Suspended(self._suspended_lost, suspended_cap, gauge)
        self._specs: dict[int, Experiment] = {}
        self._code: dict[int, CapturedCode] = {}
        self._parents: dict[tuple[int, str], WarmParent] = {}
        self._retired: list[WarmParent] = []  # their attempts go on; no more are started from them
        self._from_zero: set[int] = set()
        self._fetching: set[int] = set()  # experiments whose credentials and kept data are waited for
        self._attempts: dict[AttemptKey, Attempt] = {}
        self._epochs: dict[TrialKey, int] = {}
        self._round: Timer | None = None
        self._opened = ExitStack()  # nothing where starting has failed

    def start(self, reactor: Reactor) -> None:
        """Open the door for workers and offer the slots. Raises `ControllerError` when the home's run folder is somebody else's."""
        self._reactor = reactor
        self._door = Door(reactor, self._home.agent_socket)
        self._opened.callback(self._door.close)
        self._aside = Aside(reactor)
        self._opened.callback(self._aside.close)
        self._aside.run(self._vault.sweep, _swept)
        self._data = DataWatch(self._home, reactor, self._aside)
        self._credentials = Credentials(self._home, reactor, self._aside)
        self._site = Site(reactor, self._home, self._watchdog, self._ended, self._credentials, self._aside)
        reactor.post(SlotsOffered(self._machine, tuple(self._slots.values())))

    def execute(self, order: Order) -> None:
        """Carry out an order; see `ports.executor`."""
        match order:
            case Verdict():  # first: nearly all are
                if attempt := self._attempts.get(order.attempt):
                    attempt.verdict(order)
            case Launch():
                self._launch(order)
            case Freeze():
                if attempt := self._attempts.get(order.attempt):
                    attempt.freeze(order)
            case Kill():
                if attempt := self._attempts.get(order.attempt):
                    attempt.condemn("stopped")
            case Prepare():
                self._prepare(order)
            case DeleteCheckpoint():
                self._delete(order)
            case Release():
                self._release(order.experiment)

    def inventory(self) -> list[AttemptKey]:
        """The attempts that hold slots now."""
        return list(self._attempts)

    def close(self, grace: float) -> None:
        """End everything: ask first, kill after `grace` seconds. Posts nothing: for the log these attempts are lost."""
        deadline = time.monotonic() + grace
        attempts = list(self._attempts.values())
        scripts = self._suspended.clear()
        for attempt in attempts:
            attempt.over = True
            attempt.terminate()
        for attempt in attempts:
            attempt.wait(max(0.0, deadline - time.monotonic()))
        parents = [*self._parents.values(), *self._retired]
        for parent in parents:  # all at once: whoever starts the next controller waits for the slowest, not for the sum
            parent.close()
        leaving = time.monotonic() + LEAVING
        for script in scripts:
            script.wait(max(0.0, leaving - time.monotonic()))
        for parent in parents:
            parent.wait(max(0.0, leaving - time.monotonic()))
        if self._round is not None:
            self._round.cancel()
        self._opened.close()
        self._watchdog.close()

    def _prepare(self, order: Prepare) -> None:
        experiment = order.experiment
        try:
            spec = Experiment.model_validate(order.spec)
        except pydantic.ValidationError as error:
            self._reactor.post(PrepareFailed(experiment, make_failure("import", f"its spec cannot be read: {error}")))
            return
        old = self._specs.get(experiment)
        self._specs[experiment] = spec
        if old is None or (old.folder, old.code) != (spec.folder, spec.code):
            noticed = partial(self._code_changed, experiment)
            self._code[experiment] = CapturedCode(self._home, Path(spec.folder), spec.code, noticed)
        if named(spec) or kept(spec):
            self._fetching.add(experiment)
            done = partial(self._fetched, experiment, spec)
            self._credentials.fetch(experiment, spec, done, also=partial(make_views, self._home, spec))
        else:
            self._get_ready(experiment, spec)

    def _fetched(self, experiment: int, spec: Experiment, error: Exception | None) -> None:
        """Its credentials are there, and its kept data lies where attempts look for it; unless it was released meanwhile."""
        if experiment not in self._fetching or self._specs[experiment] is not spec:
            return
        self._fetching.discard(experiment)
        if error is not None:
            self._reactor.post(PrepareFailed(experiment, make_failure("exit", str(error))))
        else:
            self._get_ready(experiment, spec)

    def _get_ready(self, experiment: int, spec: Experiment) -> None:
        if spec.is_command:
            self._reactor.post(Prepared(experiment, self._machine, "command"))
        elif (parent := self._parent(experiment, spec)) is not None and parent.ready is not None:
            self._warmed(experiment, parent.recipe, parent.ready)

    def _parent(self, experiment: int, spec: Experiment) -> WarmParent | None:
        """The warm parent for this code, started when there is none that fits; None when it cannot be started."""
        threads = min((slot.threads for slot in self._slots.values()), default=1)
        devices = pinned(list(self._slots.values()))["CUDA_VISIBLE_DEVICES"]
        recipe = Recipe(str(spec.run), spec.folder, spec.code, threads, spec.environment, devices, interpreter(spec))
        place = experiment, recipe.run
        old = self._parents.get(place)
        if old is not None and not old.gone:
            if old.recipe == recipe and not old.stale:
                old.stay()
                return old
            old.release()
            self._retired.append(old)
        self._retired = [parent for parent in self._retired if not parent.gone]
        self._parents[place] = parent = self._warm(experiment, recipe)
        parent.start()
        return None if parent.gone else parent

    def _warm(self, experiment: int, recipe: Recipe) -> WarmParent:
        log = self._home.logs(experiment) / "parent.log"
        code = self._code[experiment]
        warmed, failed = partial(self._warmed, experiment, recipe), partial(self._unfit, experiment, recipe)
        command = self._parent_command
        withheld = self._credentials.withheld() | sealed_variables(self._specs[experiment])
        return WarmParent(self._reactor, self._watchdog, log, recipe, code, warmed, failed, command, withheld=withheld)

    def _warmed(self, experiment: int, recipe: Recipe, ready: Ready) -> None:
        """Attempts of the experiment can be forked; a baseline's own parent is waited for by its one attempt."""
        if recipe.run == self._specs[experiment].run:
            told = ready.how, ready.why, ready.seconds, ready.resident
            self._reactor.post(Prepared(experiment, self._machine, *told))

    def _code_changed(self, experiment: int, files: list[str]) -> None:
        self._reactor.post(CodeChanged(experiment, tuple(files)))

    def _unfit(self, experiment: int, recipe: Recipe, failure: Failure) -> None:
        """Nothing of the experiment can run; when it is its baseline alone, the attempt's end says so."""
        if recipe.run == self._specs[experiment].run:
            self._reactor.post(PrepareFailed(experiment, failure))

    def _launch(self, order: Launch) -> None:
        """A repeated order, and one of an epoch that has passed, is nothing."""
        key = order.attempt
        if key.epoch <= self._epochs.get(key.of, 0):
            return
        self._supersede(key)
        attempt = self._attempt(order)
        if attempt is None:
            failure = make_failure("exit", f"attempt {key} cannot be started: its experiment is not prepared here")
            self._reactor.post(AttemptEnded(key, "lost", order.units, 0.0, failure=failure))
            return
        self._attempts[key] = attempt
        attempt.begin()
        if order.run is not None:
            self._let_go(key.experiment, str(order.run))
        self._keep_looking()

    def _let_go(self, experiment: int, run: str) -> None:
        """A baseline runs once: its parent goes when it has ended."""
        parent = self._parents.get((experiment, run))
        if parent is not None and run != self._specs[experiment].run:
            parent.release()

    def _supersede(self, key: AttemptKey) -> None:
        old = AttemptKey(key.experiment, key.trial, self._epochs.get(key.of, 0))
        if old in self._attempts:
            self._attempts[old].condemn("lost")
        self._epochs[key.of] = key.epoch

    def _attempt(self, order: Launch) -> Attempt | None:
        experiment = order.attempt.experiment
        spec = self._specs.get(experiment)
        slots = [self._slots[number] for number in order.slots if number in self._slots]
        if spec is None or len(slots) != len(order.slots):
            return None
        if order.run is not None:
            spec = spec.model_copy(update={"run": order.run})
        if spec.is_command:
            code = self._code[experiment]
            return CommandAttempt(self._site, order, spec, slots, code, self._suspended, self._from_zero)
        parent = self._parent(experiment, spec)
        if parent is None:
            return None
        return FunctionAttempt(self._site, order, spec, slots, parent, self._door)

    def _ended(self, attempt: Attempt) -> None:
        self._attempts.pop(attempt.key, None)
        self._data.look(attempt.key.experiment, attempt.spec)

    def _delete(self, order: DeleteCheckpoint) -> None:
        if order.digest.startswith("process:"):
            self._suspended.drop(TrialKey(order.experiment, order.trial), order.digest)
        else:
            try:
                self._vault.delete(order.digest, self._machines_time(order.until))
            except VaultError as error:
                _log.warning("%s", error)
                return
        self._reactor.post(CheckpointDeleted(order.experiment, order.trial, order.digest))

    def _machines_time(self, at: float | None) -> float | None:
        """For comparison with files' times, on the safe side: nothing that was written since is deleted when the clock was set back."""
        return None if at is None else at + min(time.time() - self._reactor.now(), 0.0)

    def _release(self, experiment: int) -> None:
        self._suspended.release(experiment)
        self._fetching.discard(experiment)
        self._credentials.release(experiment)
        if experiment in self._specs:
            self._data.look(experiment, self._specs[experiment], at_last=True)
        for (owner, _), parent in self._parents.items():
            if owner == experiment:
                parent.release()

    def _suspended_lost(self, trial: TrialKey, digest: str, why: str) -> None:
        self._reactor.post(CheckpointDamaged(trial.experiment, trial.trial, digest, why))

    def _keep_looking(self) -> None:
        if self._round is None and (self._attempts or len(self._suspended)):
            self._round = self._reactor.later(ROUND, self._look)

    def _look(self) -> None:
        self._round = None
        self._end_silent()
        self._end_greedy()
        self._suspended.relieve()
        self._keep_looking()

    def _end_silent(self) -> None:
        now = time.monotonic()
        for attempt in list(self._attempts.values()):
            limit = attempt.spec.retry.stalled_after
            if limit is not None and not attempt.waits and now - attempt.heard > limit:
                message = f"a report was due within {limit:g} s (retry.stalled_after), none came for {now - attempt.heard:.0f} s"
                attempt.condemn("crashed", make_failure("stalled", message))

    def _end_greedy(self) -> None:
        limited = [attempt for attempt in self._attempts.values() if attempt.spec.resources.memory]
        sizes = resident([group for attempt in limited for group in attempt.groups()])
        for attempt in limited:
            used, limit = sum(sizes[group] for group in attempt.groups()), attempt.spec.resources.memory or 0
            if used > limit:
                message = f"resources.memory allows {in_words(limit)}, its processes held {in_words(used)}"
                advice = "allow more, or make the model or its batches smaller"
                attempt.condemn("crashed", make_failure("memory", f"{message}: {advice}"))


def _swept(found: int | Exception) -> None:
    """Of what killed writers left in the vault; one that cannot be written says so when it must be."""
    if isinstance(found, Exception):
        _log.warning("what killed writers left in the vault could not be removed: %s", found)
    elif found:
        _log.info("removed from the vault, left by writers that were killed: %s", found)
