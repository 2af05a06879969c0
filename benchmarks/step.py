"""Events per second of the bare `step`: no ledger, no processes, no sampler. Prints what it measured.

    python benchmarks/step.py            4,000 live trials; then 100,000 trials on 1,000 slots, with peak memory

Only the CPU time inside `step` counts; the world that answers is played beside it. Rows are drained now and then, as the loop does,
and timed apart.
"""

import argparse
import resource
from heapq import heappop, heappush
from time import process_time

from daybreak import lifecycle
from daybreak.base.streams import Stream
from daybreak.lifecycle.commands import Launch, Prepare, Propose, Verdict
from daybreak.lifecycle.events import (
    AttemptEnded,
    AttemptStarted,
    CheckpointSaved,
    Prepared,
    Proposed,
    RungReported,
    Slot,
    SlotsOffered,
    Submitted,
)
from daybreak.spec.domains import Uniform
from daybreak.spec.models import Experiment, Objective, Search

DRAIN_EVERY = 2000


class Play:
    """Trials that always go well; a unit takes about a second, the same for a trial every time."""

    def __init__(self, slots: int, trials: int, method: str) -> None:
        self.queue, self.count, self.live = [], 0, {}
        self.in_step, self.in_rows, self.state = 0.0, 0.0, lifecycle.new_state()
        self.lr = Stream(1, "lr")
        spec = Experiment(
            name="bench",
            run="a:b",
            space={"lr": Uniform(low=0, high=1)},
            objectives=(Objective(metric="accuracy"),),
            search=Search(method=method, max_units=81, max_trials=trials),
        )
        self._post(0.0, SlotsOffered("m", tuple(Slot(n) for n in range(slots))))
        self._post(0.0, Submitted(1, spec.model_dump(mode="json")))

    def run(self, events: int | None = None) -> int:
        """Play so many events, or to the end; how many there were."""
        done = 0
        while self.queue and (events is None or done < events):
            at, _, event = heappop(self.queue)
            before = process_time()
            commands = lifecycle.step(self.state, at, event)
            self.in_step += process_time() - before
            done += 1
            for command in commands:
                self._obey(at, command)
            if done % DRAIN_EVERY == 0:
                before = process_time()
                lifecycle.rows(self.state, lifecycle.take_touched(self.state))
                self.in_rows += process_time() - before
        return done

    def _post(self, at, event):
        self.count += 1
        heappush(self.queue, (at, self.count, event))

    def _obey(self, at, command):
        if isinstance(command, Prepare):
            self._post(at, Prepared(1, "m", "fork"))
        elif isinstance(command, Propose):
            points = tuple({"lr": self.lr.uniform()} for _ in range(command.count))
            self._post(at, Proposed(1, command.request, points, "random"))
        elif isinstance(command, Launch):
            pace = 0.5 + command.point["lr"]
            self.live[command.attempt] = [command, at, pace, command.units]
            self._post(at + 0.05, AttemptStarted(command.attempt, 1, "fork", 0.05))
            self._report(at + 0.05, command.attempt, 1, command.target)
        elif isinstance(command, Verdict):
            self._verdict(at, command)

    def _report(self, at, attempt, number, target):
        command, _, pace, units = self.live[attempt]
        self.live[attempt][3] = target
        metrics = {"accuracy": command.point["lr"] * target}
        self._post(at + pace * (target - units), RungReported(attempt, number, target, metrics, {}, pace))

    def _verdict(self, at, verdict):
        if verdict.action == "go":
            self._report(at, verdict.attempt, verdict.number + 1, verdict.target)
            return
        command, granted, _, units = self.live.pop(verdict.attempt)
        reason = "frozen" if verdict.action == "freeze" else "reached"
        self._post(at + 0.01, CheckpointSaved(command.attempt, units, f"{command.attempt}", 1000))
        end = AttemptEnded(
            command.attempt, reason, units, at + 0.02 - granted, freeze_seconds=0.01, resume_seconds=0.01
        )
        self._post(at + 0.02, end)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", default="asha")
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--trials", type=int, default=100_000)
    options = parser.parse_args()

    play = Play(4000, 10**6, options.method)
    play.run(20_000)
    live = len(play.state.attempts)
    play.in_step = play.in_rows = 0.0
    events = play.run(options.events)
    print(
        f"{live} live trials: {events / play.in_step:,.0f} events/s in step, {events / (play.in_step + play.in_rows):,.0f} with rows"
    )

    play = Play(1000, options.trials, options.method)
    before = process_time()
    events = play.run()
    took = process_time() - before
    row = play.state.experiments[1]
    print(
        f"{len(row.trials):,} trials on 1,000 slots: {events:,} events, {play.in_step:.1f} s in step, {play.in_rows:.1f} s in rows, "
        f"{took:.1f} s in all, peak {peak_mb():.0f} MB ({row.outcome}: {row.why})"
    )


if __name__ == "__main__":
    main()
