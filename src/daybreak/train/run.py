"""The run: what user code holds while one trial trains.

def main(run):
    model = build(run.params.width)
    optimizer = SGD(model.parameters(), lr=run.params.lr)
    run.keep(model=model, optimizer=optimizer)
    for epoch in run.epochs(27):
        train_one_epoch(model, optimizer)
        run.report(accuracy=evaluate(model))
"""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from daybreak.base.errors import UsageError, VaultError
from daybreak.base.streams import Stream
from daybreak.train import chance, determinism, gang, sealed
from daybreak.train.behind import Written
from daybreak.train.checkpoints import Checkpoints, say
from daybreak.train.data import Data
from daybreak.train.leaving import Frozen, Leaving, Stopped
from daybreak.train.link import Link, Standing
from daybreak.train.params import Params
from daybreak.train.reports import Reports
from daybreak.train.shipping import Shipped, shipped
from daybreak.train.stopwatch import Stopwatch
from daybreak.wire.worker import Assignment

LARGEST_BATCH = 20_000  # points
STOP, STOP_AND_SAVE = 1, 2


class Run:
    """One attempt at one trial. `units` counts the units (epochs, rounds) that are done, over all attempts of the trial."""

    reviving = False  # nothing is trained: the model is brought back to be registered (`train.reviving`)

    def __init__(self, assignment: Assignment, link: Link, checkpoints: Checkpoints, prepared: Any = None) -> None:
        self.params = Params(assignment.point)
        self.data = Data(assignment.data, assignment.sealed)  # where its datasets are, by name
        self.seed = assignment.seed  # the trial's own; Python, NumPy and torch have been seeded from it
        self.prepared = prepared  # what the module's `prepare()` returned
        self.units = assignment.units
        self.horizon = assignment.horizon  # the most units this trial may have, None when not known
        self.rank = assignment.rank
        self.world_size = assignment.world_size
        self.ending: str | None = None  # why the attempt is to end, once that is decided; a reason of `wire.Ended`
        self.reports = Reports(assignment.objectives, assignment.best)
        self.reports.last.update(checkpoints.last)
        self.hyperparameters = checkpoints.hyperparameters  # for adapters whose libraries restore things themselves
        self.at_unit_end: list[Callable[[], None]] = []  # called by each member of a gang, before the unit may be saved
        self.alike = (
            False  # the members of a gang draw the same global numbers: a checkpoint keeps rank 0's states alone
        )
        self.watch = Stopwatch()
        self._target = assignment.target
        self._checkpoint_every = assignment.checkpoint_every
        self._scratch = Path(assignment.scratch)
        self._link = link
        self._checkpoints = checkpoints
        self._saved_units: int | None = self.units or None
        self._saved_at = self._flush_at = time.monotonic()
        self._leaving: Leaving | None = None
        self._in_unit = False
        self._stop = 0
        self._told_nothing_kept = False

    @property
    def scratch(self) -> Path:
        """A folder of the trial's own; it lives as long as the trial, over all its attempts."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        return self._scratch

    def keep(self, **things: Any) -> None:
        """Name what a frozen trial must find again; call it once everything is built, before the loop.

        Takes anything with state_dict and load_state_dict, scikit-learn estimators, dicts, lists, arrays and random generators, or a pair
        of functions (save, load). When this attempt goes on from a checkpoint, each is restored in place at once. Raises `UsageError`.
        """
        with self.watch.aside():
            for name, value in things.items():
                self._checkpoints.keep(name, value)

    def epochs(self, count: int | None = None) -> Iterator[int]:
        """The units still to do, from wherever the trial stands up to `count` (default: the horizon); the first of all is 0.

        Each turn of the loop is one unit. The loop may end earlier, when nothing is left to do; when the trial is frozen, the function
        ends by an exception that `except Exception` does not catch.
        """
        limit = self._limit(count)
        self._checkpoints.settle()
        determinism.switch_on()
        while self.units < limit:
            if self._leaving is not None:
                raise self._leaving
            if self.ending is not None or self._stop:
                return
            self._in_unit = True
            with self.watch.unit():
                yield self.units
            with self.watch.aside():
                self._close_unit()
                if self.units >= limit:
                    self._gather()  # for a checkpoint that is asked for later, when the others may have gone

    steps = epochs

    def stop(self, *, save: bool = True) -> None:
        """Nothing is left to do: the unit in progress is the last, and the trial counts as completed, with a last checkpoint.

        For early stopping: `if patience.over: run.stop()`. The loop ends by itself at the unit's end, or by `break` at once. In a gang the
        wish of one member is enough, unless it leaves by `break`: then all must, in the same unit. Without `save` no checkpoint is
        written; whoever changes the model after the loop (best weights put back) calls `run.save()` then.
        """
        self._stop = STOP_AND_SAVE if save else STOP

    def stream(self, *names: str | int) -> Stream:
        """The named stream of this trial: a function of (seed, names), from its beginning each time. Raises `UsageError`."""
        return chance.stream(self.seed, names)

    def seed_for(self, *names: str | int) -> int:
        """A seed for somebody else's generator, 32 bits: a function of (seed, names). Raises `UsageError`."""
        return chance.seed_for(self.seed, names)

    def generator(self, kind: chance.Kind, *names: str | int, device: str = "cpu") -> Any:
        """A `torch.Generator` (on `device`) or `numpy.random.Generator`, seeded by its names; the same one each time it is asked for.

        Its state is in each checkpoint, and it goes on there when the loop begins (or when it is asked for, if that is later). Raises
        `UsageError`.
        """
        return self._checkpoints.generators.get(kind, names, device)

    def deterministic(self) -> None:
        """Use only operators that give the same bits each time, where torch has them; it warns where it has none.

        As `deterministic: true` in the experiment file does for every attempt. Call it before CUDA is used.
        """
        determinism.ask()

    def report(self, metrics: Mapping[str, Any] | None = None, /, *, step: int | None = None, **named: Any) -> None:
        """Log numbers: `run.report(accuracy=0.9, loss=0.2)`, or a dict for names that are no Python names.

        Without `step` they belong to the unit in progress; the last value of a unit is what counts when a trial is judged. NaN and
        infinity are taken as they are: the trial counts as diverged. Raises `UsageError` for what is no number.
        """
        self.reports.add({**metrics, **named} if metrics else named, step)
        if step is None and not self._in_unit:
            self.reports.close_unit(self.units)
        if self.reports.waiting and (self.reports.waiting >= LARGEST_BATCH or time.monotonic() >= self._flush_at):
            with self.watch.aside():
                self._flush_some()

    def score_test(self, evaluate: sealed.Evaluate, data: str = "") -> dict[str, float]:
        """Score the sealed test set: `evaluate(path)` returns numbers by name, which are kept with the trial and decide nothing.

        `data`: which dataset with `sealed: true` in the experiment file; left out where there is one. Each call is a look, counted before
        the path is given, also when the function fails or the attempt is lost after it. No searcher hears of the numbers. In a gang all
        members call it, and it is one look. Off the platform (`DAYBREAK_DATA_TEST=./test.csv python train.py`) nobody counts. Raises
        `UsageError` without such data, and where what is returned are no numbers.
        """
        units = self.units + self._in_unit  # as a report: it belongs to the unit in progress
        return sealed.score(self._link, self.watch, evaluate, data, units)

    def ship(self, model: Any, inputs: Any, targets: Any = None, **described: Any) -> None:
        """Say what the model is, behind the loop: `run.ship(model, x_valid, y_valid)`. `daybreak model register` takes it from there.

        `model`: as its users would call it (a torch module, a pipeline with its preparation, ...). `inputs`: real rows, an array
        (rows, ...), a dict of columns, a frame or a list of texts; `targets`: their right answers, (rows,). Described by `names` of
        columns,
        `classes`, `units` (name -> unit), `output` (its name), `signature`, and steps `before` and `after` the model. `reported`: which
        metric of `run.report` is of these very rows ("accuracy", or {"accuracy": "val_accuracy"}, the export's name first): the
        exported model must reach it. Training itself does nothing with it. Raises `UsageError`.
        """
        self._check_shipped(model, inputs, targets, described)

    def close(self, *, returned: bool = True) -> None:
        """User code has returned, or failed: what is still unsent goes out.

        A unit left by `break` counts when it had reported, or called `stop`; a unit that failed does not, and its reports are dropped: it
        will come again. Raises `VaultError` where the last checkpoint of a trial that called `stop` cannot be written.
        """
        if self._in_unit and returned and (self.reports.unit or self._stop):
            self.units += 1
            self.reports.close_unit(self.units)
            self._end_unit()
        self._in_unit = False
        if self._stop and returned and self._leaving is None:
            self._save_stopped()
            self.ending = self.ending or "completed"
        self._take_in(wait=True)
        self._flush()
        self._link.settle()

    @staticmethod
    def _check_shipped(model: Any, inputs: Any, targets: Any, described: dict[str, Any]) -> Shipped:
        return shipped(model, inputs, targets, described)

    def _limit(self, count: int | None) -> int:
        known = [limit for limit in (count, self.horizon) if limit is not None]
        if not known:
            raise UsageError(
                "run.epochs needs an end: run.epochs(COUNT), or `search: {max_units: COUNT}` in the experiment file"
            )
        return min(known)

    def _end_unit(self) -> None:
        for act in self.at_unit_end:
            act()

    def _close_unit(self) -> None:
        self._in_unit = False
        self._end_unit()
        self.units += 1
        self.reports.close_unit(self.units)
        wishes = self._agree()
        if not wishes.stop and self._target is not None and self.units >= self._target:
            self._flush()
            self._ask()
            wishes = self._agree()  # anew: an answer may be long in coming
        self._act(wishes)
        self._flush_ahead()

    def _agree(self) -> gang.Wishes:
        own = gang.Wishes(self._stop, self._link.freeze_wanted(), self._save_due())
        return gang.agree(own) if self.world_size > 1 else own

    def _act(self, wishes: gang.Wishes) -> None:
        if self.ending is not None:
            return
        if wishes.stop:
            if wishes.stop == STOP_AND_SAVE:
                self._save_together()
            self.ending = "completed"
        elif wishes.freeze:
            self._freeze("preempted")
        elif wishes.save:
            self._gather()
            self._save_behind()

    def _ask(self) -> None:
        verdict = self._link.ask(Standing(self.units, self.reports.last, self.reports.best, self.watch.unit_seconds))
        self._target = verdict.target
        match verdict.action:
            case "freeze":
                self._freeze("frozen")
            case "finish":
                self._finish()
            case "stop":
                self._leave("stopped", Stopped(f"stopped at unit {self.units}"))
            case "go":
                pass
        if verdict.save:
            self._save_together()

    def _finish(self) -> None:
        """The loop ends by itself, so that what follows it (a last evaluation) still runs."""
        self._save_together()
        self.ending = "reached"

    def _freeze(self, reason: str) -> None:
        self._save_together()
        self._leave(reason, Frozen(f"frozen at unit {self.units}"))

    def _leave(self, reason: str, leaving: Leaving) -> None:
        self.ending, self._leaving = reason, leaving
        raise leaving

    def _save_due(self) -> bool:
        """Whether this process is to write a periodic checkpoint: by rank 0's clock alone."""
        self._take_in(wait=False)
        if not self._checkpoint_every or time.monotonic() - self._saved_at < self._checkpoint_every:
            return False
        return not self._checkpoints.behind.busy and self._may_save()

    def _save_together(self) -> None:
        """At a unit where all members are known to save: the checkpoint holds what each draws next."""
        self._gather()
        self.save()

    def _save_stopped(self) -> None:
        """After `break`: nobody can know where the other members are, so none is waited for."""
        if self._stop == STOP_AND_SAVE and self.units:
            self.save()

    def _gather(self) -> None:
        if self.world_size > 1 and not self.alike:
            self._checkpoints.gather(self.units, self.rank)

    def _save_behind(self) -> None:
        if not self._may_save():  # another member's, in a gang
            return
        self._flush()  # a trial that goes on from here never reports these points again
        self._checkpoints.write_behind(self.units, self.reports.last, self._tell_saved)
        self._saved_units, self._saved_at = self.units, time.monotonic()

    def _take_in(self, *, wait: bool) -> None:
        """See what came of a checkpoint that is written behind training; with `wait`, when it is over."""
        try:
            written = self._checkpoints.behind.outcome(wait=wait)
        except VaultError as error:  # this checkpoint was only insurance: training goes on without
            say(f"no checkpoint, training goes on: {error}")
            self._link.unsaved(self._saved_units or self.units, str(error))
            self._saved_units = None
            return
        if written is not None:
            say(
                f"checkpoint at unit {written.ref.units}: {written.ref.size / 1e6:.3g} MB, "
                f"training waited {written.seconds:.3f} s, {written.behind:.3f} s behind it"
            )

    def save(self) -> None:
        """Write a checkpoint of where the trial stands now; only between units. Raises `VaultError`.

        In a gang rank 0 writes it, and waits for nobody: random states of the others are in it after the last unit, not after an earlier
        one (on going on, each takes rank 0's then).
        """
        if self._in_unit:
            raise UsageError(
                "a checkpoint is written between units, run.save() was called inside one: leave it to the platform"
            )
        self._take_in(wait=True)
        if not self._may_save():
            return
        written = self._checkpoints.write(self.units, self.reports.last)
        self._saved_units, self._saved_at = self.units, time.monotonic()
        self.watch.freeze_seconds = written.seconds
        self._flush()  # a trial that goes on from here never reports these points again
        self._tell_saved(written)

    def _may_save(self) -> bool:
        """Whether this process saves, and there is something new to save."""
        if self.rank != 0 or self._saved_units == self.units:
            return False
        if self._checkpoints.empty:
            self._tell_nothing_kept()
        return not self._checkpoints.empty

    def _tell_saved(self, written: Written) -> None:
        self._link.saved(written.ref.units, written.ref.digest, written.ref.size, written.seconds)

    def _tell_nothing_kept(self) -> None:
        if not self._told_nothing_kept:
            self._told_nothing_kept = True
            say(
                "nothing is kept, so this trial starts again whenever it was frozen: call run.keep(model=...) before the loop"
            )

    def _flush_ahead(self) -> None:
        """Send points now rather than hold them while a unit longer than the interval runs."""
        if self.reports.waiting and time.monotonic() + (self.watch.unit_seconds or 0.0) >= self._flush_at:
            self._flush_some()

    def _flush_some(self) -> None:
        """Send what waits, unless that would mean waiting; but no more than a batch may wait."""
        if self.reports.waiting >= LARGEST_BATCH or self._link.can_take_points():
            self._flush()
        self._flush_at = time.monotonic() + self._link.flush_every

    def _flush(self) -> None:
        if not self.reports.waiting:
            return
        series = self.reports.take()
        if self.rank == 0:
            self._link.points(series)
