"""The simulated agent: orders in, events at simulated times out, in the order and shape a real agent sends them.

A clone goes on along its new point's own curve: what it inherits from the weights of its source is not modelled.
"""

from collections.abc import Callable
from typing import Any

from daybreak.base.ids import AttemptKey, TrialKey
from daybreak.executors.simulated.curves.curve import Curves
from daybreak.executors.simulated.machine import Machine
from daybreak.executors.simulated.stay import Brief, Stay, crash_after
from daybreak.lifecycle.commands import DeleteCheckpoint, Freeze, Kill, Launch, Prepare, Release, Verdict
from daybreak.lifecycle.events import (
    AttemptEnded,
    AttemptStarted,
    CheckpointDeleted,
    CheckpointSaved,
    EndReason,
    Prepared,
    RungReported,
    Slot,
    SlotsOffered,
)
from daybreak.ports.executor import Order
from daybreak.ports.ledger import PointBatch
from daybreak.ports.reactor import Reactor
from daybreak.wire.worker import Failure

ENDLESS = 2**20  # units: training that has neither a target nor an end goes on until somebody ends it
_CRASH = Failure(kind="simulated", message="a simulated crash", fingerprint="simulated")


class SimulatedExecutor:
    """The `Executor` port over learning curves. `curves` makes an experiment's source of curves from its resolved spec."""

    def __init__(self, machine: Machine, curves: Callable[[dict[str, Any]], Curves]) -> None:
        self._machine = machine
        self._make_curves = curves
        self._curves: dict[int, Curves] = {}
        self._briefs: dict[int, Brief] = {}
        self._stays: dict[AttemptKey, Stay] = {}
        self._newest: dict[TrialKey, int] = {}  # epochs
        self._launched = 0
        self._reactor: Reactor
        self._handlers: dict[type, Callable[..., None]] = {
            Launch: self._launch,
            Verdict: self._answer,
            Freeze: self._freeze,
            Kill: self._kill,
            DeleteCheckpoint: self._delete,
            Prepare: self._prepare,
            Release: self._release,
        }

    def start(self, reactor: Reactor) -> None:
        """Offer the slots."""
        self._reactor = reactor
        reactor.post(SlotsOffered(self._machine.name, tuple(Slot(number) for number in range(self._machine.slots))))

    def execute(self, order: Order) -> None:
        """Carry out an order."""
        self._handlers[type(order)](order)

    def inventory(self) -> list[AttemptKey]:
        """The attempts that are alive."""
        return list(self._stays)

    def close(self, grace: float) -> None:
        """Nothing runs any more."""
        del grace
        self._stays.clear()

    # -- orders --------------------------------------------------------------------------------------------------

    def _prepare(self, order: Prepare) -> None:
        objectives = tuple((one["metric"], one["direction"] == "maximize") for one in order.spec["objectives"])
        self._briefs[order.experiment] = Brief(objectives, order.spec["checkpoint_every"])
        self._curves[order.experiment] = self._make_curves(order.spec)
        self._reactor.post(Prepared(order.experiment, self._machine.name, "simulated"))

    def _release(self, order: Release) -> None:
        self._curves.pop(order.experiment, None)

    def _delete(self, order: DeleteCheckpoint) -> None:
        self._reactor.post(CheckpointDeleted(order.experiment, order.trial, order.digest))

    def _launch(self, order: Launch) -> None:
        if order.attempt.epoch <= self._newest.get(order.attempt.of, 0):
            return  # repeated, or overtaken by a later attempt
        self._newest[order.attempt.of] = order.attempt.epoch
        curve = self._curves[order.attempt.experiment].curve(order.point, order.seed)
        stay = Stay(
            order=order,
            curve=curve,
            brief=self._briefs[order.attempt.experiment],
            granted=self._reactor.now(),
            units=order.units,
            first_units=order.units,
            target=order.target,
            best=dict(order.best),
            crash_after=crash_after(order, curve, self._machine.crash, self._machine.seed),
        )
        self._stays[order.attempt] = stay
        delay = self._machine.start_seconds + (self._machine.resume_seconds if order.checkpoint else 0.0)
        self._put_off(stay, delay, self._begin)

    def _answer(self, order: Verdict) -> None:
        stay = self._stays.get(order.attempt)
        if stay is None or stay.phase != "asking" or order.number != stay.number:
            return
        if order.action == "go":
            stay.target = order.target
            if order.save:
                self._save_first(stay)
            else:
                self._train(stay)
        elif order.action == "stop":
            self._end(stay, "stopped")
        else:
            self._leave(stay, "frozen" if order.action == "freeze" else "reached")

    def _freeze(self, order: Freeze) -> None:
        stay = self._stays.get(order.attempt)
        if stay is None or stay.phase == "leaving":
            return
        if stay.phase == "starting":
            self._end(stay, "preempted")
        elif stay.phase in {"asking", "saving"}:
            self._leave(stay, "preempted")
        else:
            self._freeze_training(stay, order.grace)

    def _freeze_training(self, stay: Stay, grace: float) -> None:
        now = self._reactor.now()
        goal = stay.goal
        done = stay.done_by(now, goal if goal is not None else stay.units + ENDLESS)
        boundary = done + 1 if goal is None else min(done + 1, goal)
        wait = max(0.0, stay.since + stay.seconds_to(boundary) - now)
        stay.phase = "leaving"
        if wait > grace:
            self._put_off(stay, grace, lambda late: self._stop_training(late, done, "preempted"))
        else:
            self._put_off(stay, wait, lambda there: self._freeze_at(there, boundary))

    def _freeze_at(self, stay: Stay, units: int) -> None:
        self._arrive(stay, units)
        self._leave(stay, "preempted")

    def _kill(self, order: Kill) -> None:
        stay = self._stays.get(order.attempt)
        if stay is not None:
            self._end(stay, "stopped")

    # -- an attempt's life -----------------------------------------------------------------------------------------

    def _begin(self, stay: Stay) -> None:
        now = self._reactor.now()
        self._launched += 1
        self._reactor.post(AttemptStarted(stay.order.attempt, self._launched, "simulated", now - stay.granted))
        stay.saved_at = now
        self._train(stay)

    def _train(self, stay: Stay) -> None:
        """Train until the first of: target, end of the curve, crash, checkpoint for fault tolerance."""
        stay.phase = "training"
        stay.since = self._reactor.now()
        goal = stay.goal
        if goal is None:
            goal = stay.units + ENDLESS
        seconds = stay.seconds_to(goal)
        if stay.crash_after is not None and stay.trained + seconds > stay.crash_after:
            self._put_off(stay, stay.crash_after - stay.trained, self._crash)
            return
        boundary = self._next_checkpoint(stay, goal)
        if boundary is not None:
            self._put_off(stay, stay.seconds_to(boundary), lambda there: self._checkpoint(there, boundary))
        else:
            self._put_off(stay, seconds, self._reach)

    def _next_checkpoint(self, stay: Stay, goal: int) -> int | None:
        every = stay.brief.checkpoint_every
        due = stay.saved_at + every
        if not every or stay.since + stay.seconds_to(goal) <= due:
            return None
        boundary = stay.done_by(due, goal) + 1
        return boundary if boundary < goal else None

    def _checkpoint(self, stay: Stay, units: int) -> None:
        self._arrive(stay, units)
        self._save_first(stay)

    def _save_first(self, stay: Stay) -> None:
        stay.phase = "saving"
        self._put_off(stay, self._machine.freeze_seconds, self._save_and_go_on)

    def _save_and_go_on(self, stay: Stay) -> None:
        self._save(stay)
        self._train(stay)

    def _reach(self, stay: Stay) -> None:
        goal = stay.goal
        self._arrive(stay, goal if goal is not None else stay.units + ENDLESS)
        metrics = stay.last_metrics()
        if stay.target is None or stay.units < stay.target:
            self._end(stay, "completed", metrics=metrics)
            return
        stay.phase = "asking"
        stay.number += 1
        self._reactor.post(
            RungReported(stay.order.attempt, stay.number, stay.units, metrics, dict(stay.best), stay.unit_seconds)
        )

    def _arrive(self, stay: Stay, units: int) -> None:
        stay.trained += self._reactor.now() - stay.since
        reports = stay.advance(units)
        if self._machine.points and reports:
            steps = [at for at, _ in reports]
            series = {name: (steps, [metrics[name] for _, metrics in reports]) for name in reports[0][1]}
            self._reactor.log(PointBatch(stay.order.attempt, series))

    def _crash(self, stay: Stay) -> None:
        goal = stay.goal
        done = stay.done_by(self._reactor.now(), goal if goal is not None else stay.units + ENDLESS)
        self._stop_training(stay, done, "crashed", _CRASH)

    def _stop_training(self, stay: Stay, done: int, reason: EndReason, failure: Failure | None = None) -> None:
        self._arrive(stay, done)
        self._end(stay, reason, failure=failure)

    def _leave(self, stay: Stay, reason: EndReason) -> None:
        stay.phase = "leaving"

        def gone(there: Stay) -> None:
            self._save(there)
            self._end(there, reason, metrics=there.last_metrics())

        self._put_off(stay, self._machine.freeze_seconds, gone)

    def _save(self, stay: Stay) -> None:
        stay.saved_at = self._reactor.now()
        experiment, trial, epoch = stay.order.attempt
        digest = f"{experiment:016x}{trial:016x}{epoch:016x}{stay.units:016x}"
        size, seconds = self._machine.checkpoint_bytes, self._machine.freeze_seconds
        metrics = stay.last_metrics()
        self._reactor.post(CheckpointSaved(stay.order.attempt, stay.units, digest, size, seconds, metrics=metrics))

    def _end(
        self,
        stay: Stay,
        reason: EndReason,
        *,
        metrics: dict[str, float] | None = None,
        failure: Failure | None = None,
    ) -> None:
        if stay.timer is not None:
            stay.timer.cancel()
        del self._stays[stay.order.attempt]
        frozen = reason in {"frozen", "preempted", "reached"}
        self._reactor.post(
            AttemptEnded(
                stay.order.attempt,
                reason,
                stay.units,
                slot_seconds=(self._reactor.now() - stay.granted) * len(stay.order.slots),
                metrics=metrics or {},
                best=dict(stay.best),
                failure=failure,
                user_seconds=stay.trained,
                unit_seconds=stay.unit_seconds,
                resume_seconds=self._machine.resume_seconds if stay.order.checkpoint else None,
                freeze_seconds=self._machine.freeze_seconds if frozen else None,
            )
        )

    def _put_off(self, stay: Stay, seconds: float, call: Callable[[Stay], None]) -> None:
        if stay.timer is not None:
            stay.timer.cancel()
        stay.timer = self._reactor.later(seconds, lambda: call(stay))
