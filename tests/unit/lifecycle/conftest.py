"""A script of events, told by hand: the sampler answers by itself, everything else is the test's to say."""

import pytest

from daybreak import lifecycle
from daybreak.base.ids import AttemptKey
from daybreak.lifecycle.commands import Freeze, Launch, Notify, Prepare, Propose, SetTimer, Verdict
from daybreak.lifecycle.events import (
    Asked,
    AttemptEnded,
    AttemptStarted,
    CheckpointSaved,
    Prepared,
    Proposed,
    RungReported,
    Slot,
    SlotsOffered,
    Submitted,
    TimerDue,
)
from daybreak.lifecycle.rows import experiment_row
from daybreak.spec.domains import Uniform
from daybreak.spec.models import Experiment, Objective, Search
from daybreak.wire.worker import Failure


class Script:
    def __init__(self):
        self.prepares = True  # at once
        self.state, self.at, self.orders, self.rates = lifecycle.new_state(), 1000.0, [], iter(range(1, 10**6))

    def tell(self, event, after=0.0):
        """One event; what it ordered. Points are drawn at once: 0.01, 0.02, ..."""
        self.at += after
        orders = list(lifecycle.step(self.state, self.at, event))
        lifecycle.check(self.state)
        self.orders += orders
        for order in list(orders):
            if isinstance(order, Prepare) and self.prepares:
                for machine in sorted({machine for machine, _ in self.state.pool.where}):
                    orders += self.tell(Prepared(order.experiment, machine, "fork"))
            if isinstance(order, Propose):
                points = tuple({"lr": next(self.rates) / 100} for _ in range(order.count))
                orders += self.tell(Proposed(order.experiment, order.request, points, "random"))
        return orders

    def offer(self, slots=1, machine="m", kind="cpu"):
        return self.tell(SlotsOffered(machine, tuple(Slot(n, kind) for n in range(slots))))

    def submit(self, number=1, **fields):
        spec = {"name": f"e{number}", "run": "train:main", "space": {"lr": Uniform(low=0, high=100)}} | fields
        spec.setdefault("objectives", (Objective(metric="accuracy"),))
        spec.setdefault("search", Search(max_units=9, max_trials=9))
        return self.tell(Submitted(number, Experiment(**spec).model_dump(mode="json")))

    def start(self, key, seconds=0.0):
        return self.tell(AttemptStarted(key, 7, "fork", seconds))

    def report(self, key, metrics=None, units=None, after=1.0, number=None, **fields):
        attempt = self.state.attempts[key]
        units = attempt.target if units is None else units
        number = attempt.number + 1 if number is None else number
        return self.tell(RungReported(key, number, units, metrics or {"accuracy": units / 100}, **fields), after)

    def save(self, key, units=None, digest=None, size=10):
        units = self.state.attempts[key].units if units is None else units
        return self.tell(CheckpointSaved(key, units, digest or f"{key}@{units}", size))

    def end(self, key, reason, units=None, after=0.0, **fields):
        attempt = self.state.attempts[key]
        units = attempt.units if units is None else units
        seconds = (self.at + after - attempt.granted) * attempt.width
        return self.tell(AttemptEnded(key, reason, units, seconds, **fields), after)

    def crash(self, key, message="boom", fingerprint="f"):
        return self.end(key, "crashed", failure=Failure("ValueError", message, "the tail", fingerprint))

    def ask(self, ask, value=None, experiment=1, by="ada"):
        return self.tell(Asked(experiment, ask, value, by))

    def timer(self, at):
        self.at = at
        return self.tell(TimerDue(1, "budget"))

    def carry_out(self, metric=lambda trial, units: trial.point.get("lr", 0.5) * units):
        """Play on until nothing more happens: all goes well, a unit takes a second."""
        while running := list(self.state.attempts.values()):
            attempt = min(running, key=lambda a: (a.units + 1, a.key))
            trial = self.state.experiments[attempt.key.experiment].trials[attempt.key.trial]
            units = attempt.target or 1
            if attempt.state == "ending":
                self.end(attempt.key, "preempted")
                continue
            orders = self.report(
                attempt.key, {"accuracy": metric(trial, units)}, after=1.0 * (units - attempt.units), unit_seconds=1.0
            )
            self.obey(attempt.key, orders)

    def obey(self, key, orders):
        verdict = next(o for o in orders if isinstance(o, Verdict) and o.attempt == key)
        if verdict.action != "go":
            if verdict.action != "stop":
                self.save(key)
            self.end(key, {"freeze": "frozen", "finish": "reached", "stop": "stopped"}[verdict.action])

    def trial(self, number, experiment=1):
        return self.state.experiments[experiment].trials[number]

    def rows(self):
        """All that changed since this was asked last."""
        return lifecycle.rows(self.state, lifecycle.take_touched(self.state))

    def row(self, experiment=1):
        return experiment_row(self.state.experiments[experiment])

    def notices(self, experiment=1):
        return [(notice.level, notice.text) for notice in self.state.experiments[experiment].notices]


def of(kind, orders):
    """The orders of one kind."""
    return [order for order in orders if isinstance(order, kind)]


@pytest.fixture
def script():
    return Script()


@pytest.fixture
def launches():
    return lambda orders: [order.attempt for order in of(Launch, orders)]


@pytest.fixture
def verdicts():
    return lambda orders: [(order.action, order.target) for order in of(Verdict, orders)]


@pytest.fixture
def freezes():
    return lambda orders: [order.attempt for order in of(Freeze, orders)]


@pytest.fixture
def timers():
    return lambda orders: [order.at for order in of(SetTimer, orders)]


@pytest.fixture
def told():
    return lambda orders: [order.text for order in of(Notify, orders)]


@pytest.fixture
def key():
    return AttemptKey
