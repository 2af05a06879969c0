"""A core, an executor and a ledger small enough to see through."""

from collections import defaultdict

from daybreak.base.errors import LedgerError, NotFound
from daybreak.base.ids import AttemptKey
from daybreak.ledger.memory import MemoryLedger
from daybreak.lifecycle.commands import Propose, Verdict
from daybreak.lifecycle.events import Asked, PrepareFailed, Proposed, RungReported, Slot, SlotsOffered, Submitted
from daybreak.spec.models import Experiment, Objective

SPEC = Experiment(name="fake", run="m:f", objectives=(Objective(metric="acc"),)).model_dump(mode="json")


def attempt(trial=1, epoch=1):
    return AttemptKey(1, trial, epoch)


def report(number=1, units=1, trial=1):
    return RungReported(attempt(trial), number, units, {"acc": 0.5})


class FakeState:
    def __init__(self):
        self.events = []
        self.failed = {}
        self.touched = 0
        self.owed = []  # commands not answered yet


class FakeCore:
    """Answers a report with a verdict, a submission with a Propose; `scripts` adds commands for other events."""

    def __init__(self):
        self.scripts = defaultdict(list)  # event type -> functions (state, at, event) -> commands
        self.raises = None  # (event) -> exception or None

    def new_state(self):
        return FakeState()

    def step(self, state, at, event):
        state.events.append((at, event))
        if self.raises is not None and (error := self.raises(event)) is not None:
            raise error
        state.touched += 1
        commands = []
        if isinstance(event, RungReported):
            commands.append(Verdict(event.attempt, event.number, "go", event.units + 1))
        if isinstance(event, Submitted):
            state.owed.append(Propose(event.experiment, 1, 1, 2))
            commands.append(state.owed[-1])
        if isinstance(event, Proposed):
            state.owed = [one for one in state.owed if one.request != event.request]
        if isinstance(event, PrepareFailed):
            state.failed[event.experiment] = event.failure
        for script in self.scripts[type(event)]:
            commands += script(state, at, event)
        return commands

    def outstanding(self, state):
        return list(state.owed)

    def lost_attempts(self, state, alive):
        return []

    def spec(self, state, experiment):
        spec = next(event.spec for _, event in state.events if isinstance(event, Submitted))
        return Experiment.model_validate(spec)

    def observations(self, state, experiment):
        return []

    def pending_points(self, state, experiment):
        return {}

    def take_touched(self, state):
        touched, state.touched = state.touched, 0
        return touched

    def rows(self, state, touched):
        return []

    def status(self, state, experiment, at):
        if not any(isinstance(event, Submitted) for _, event in state.events):
            raise NotFound(f"no experiment {experiment}")

    def check(self, state):
        pass


class FakeExecutor:
    """Offers slots and writes down its orders."""

    def __init__(self, machine="here", slots=2):
        self.machine, self.slots = machine, slots
        self.orders = []
        self.alive = []
        self.on_order = None

    def start(self, reactor):
        self.reactor = reactor
        reactor.post(SlotsOffered(self.machine, tuple(Slot(n) for n in range(self.slots))))

    def execute(self, order):
        self.orders.append(order)
        if self.on_order is not None:
            self.on_order(order)

    def inventory(self):
        return self.alive

    def close(self, grace):
        self.closed = grace


class FailingLedger(MemoryLedger):
    """Refuses the next `failures` commits."""

    def __init__(self, failures=0):
        super().__init__()
        self.failures = failures
        self.commits = []

    def append(self, at, events, points=()):
        if self.failures:
            self.failures -= 1
            raise LedgerError("disk full")
        self.commits.append(list(events))
        return super().append(at, events, points)


class FixedSampler:
    """Draws {"x": trial}; remembers what it was told."""

    def __init__(self, spec=None):
        self.told = []
        self.asked = []

    def tell(self, trial, point, units, losses):
        self.told.append(trial)

    def ask(self, trial, pending):
        self.asked.append((trial, dict(pending)))
        return {"x": trial}


def asked():
    return Asked(1, "pause")
