"""`python -m daybreak.bootstrap.simulate`: the same search on simulated workers, beside random search on as many slot-hours."""

import argparse
import gc
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.bootstrap.jobs import Progress, answer
from daybreak.bootstrap.simulation import Outcome, run
from daybreak.executors.simulated.curves.curve import Curves
from daybreak.executors.simulated.curves.noise import NoiseCurves, Shape
from daybreak.executors.simulated.curves.surrogate import DATA_SET, SurrogateCurves
from daybreak.executors.simulated.curves.table import read_table
from daybreak.executors.simulated.machine import Machine
from daybreak.spec.models import Budget, Experiment, Search

MADE_UP_LENGTH = 27  # units of a made-up trial where the spec gives no horizon


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a simulation assumes; all of it has a default."""

    table: Path | None = None
    surrogate: Path | None = None
    data_set: str = "3945"
    unit_seconds: float = 60.0
    start_seconds: float = 0.05
    resume_seconds: float = 0.1
    freeze_seconds: float = 0.1
    crash: float = 0.0
    against_random: bool = True

    def curves(self, spec: Experiment) -> Curves:
        """The source of curves. Raises `UsageError`."""
        if self.table is not None:
            return read_table(self.table, spec, self.unit_seconds)
        if self.surrogate is not None:
            fixed = getattr(spec.space.get(DATA_SET), "value", self.data_set)
            return SurrogateCurves(self.surrogate, spec, str(fixed))
        length = None if spec.search.max_units else MADE_UP_LENGTH
        return NoiseCurves(spec, Shape(unit_seconds=self.unit_seconds, length=length), spec.seed)

    def machine(self, workers: int, seed: int) -> Machine:
        """A machine of so many slots."""
        return Machine(
            slots=workers,
            start_seconds=self.start_seconds,
            resume_seconds=self.resume_seconds,
            freeze_seconds=self.freeze_seconds,
            crash=self.crash,
            seed=seed,
        )


def simulate(
    spec: Experiment, workers: int, assumed: Assumptions | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Simulate a search, and random search on the same workers with the slot-hours it took. Plain JSON data.

    Of a deterministic search `ordinary` is the same search without waiting for turns: what that costs in time and idle slots.
    `seconds_to_random_best`: when this search had a trial as good as random search's best, beside the time that one took.
    Raises `UsageError` for a search without an end and for curves that do not fit the spec.
    """
    assumed = assumed or Assumptions()
    _must_end(spec)
    spec = _without_baseline(spec)
    machine = assumed.machine(workers, spec.seed)
    outcome = run(spec, machine, assumed.curves, progress)
    made_up = assumed.table is None and assumed.surrogate is None
    found: dict[str, Any] = {"made_up": made_up, "unit_seconds": assumed.unit_seconds if made_up else None}
    found |= {"name": spec.name, "workers": workers, "seed": spec.seed, "search": outcome.plain(), "random": None}
    if spec.deterministic:
        ordinary = spec.model_copy(update={"deterministic": False})
        found["ordinary"] = run(ordinary, machine, assumed.curves, progress).plain()
    if assumed.against_random and spec.search.method != "random" and outcome.status.slot_seconds:
        random = run(_at_random(spec, outcome), machine, assumed.curves, progress)
        found |= {"random": random.plain()} | _compared(outcome, random)
    return found


def _must_end(spec: Experiment) -> None:
    budget = spec.budget
    limits = (budget.slot_hours, budget.wall, budget.trials, budget.units, budget.money, spec.search.max_trials)
    if all(limit is None for limit in limits) and spec.search.method not in {"single", "grid"}:
        raise UsageError(
            "a simulated search must have an end, got neither budget nor search.max_trials: "
            "add for example `budget: {trials: 100}`"
        )


def _without_baseline(spec: Experiment) -> Experiment:
    """A baseline that would have to be trained is left out: curves say nothing of it."""
    if spec.baseline is None or spec.baseline.run is None:
        return spec
    return spec.model_copy(update={"baseline": None})


def _at_random(spec: Experiment, outcome: Outcome) -> Experiment:
    """Points at random, each trained to the end, for the same slot-hours."""
    hours = outcome.status.slot_seconds / 3600
    price = spec.budget.price_per_slot_hour
    search = Search(method="random", sampler="random", max_units=spec.search.max_units)
    changed = {
        "search": search,
        "budget": Budget(slot_hours=hours, price_per_slot_hour=price),
        "deterministic": False,
        "points": (),
        "baseline": None,
        "confirm": None,
    }
    return spec.model_copy(update=changed)


def _compared(search: Outcome, random: Outcome) -> dict[str, Any]:
    if not random.incumbents:
        return {}
    took, best = random.incumbents[-1]
    reached = search.reached(best)
    return {
        "random_best_seconds": took,
        "seconds_to_random_best": reached,
        "speedup": took / reached if reached else None,
    }


def main(words: list[str] | None = None) -> int:
    """Read a resolved spec from standard input; see `bootstrap.jobs` for what is written."""
    gc.set_threshold(50_000, 20, 100)  # nearly all that is made lives on: looking for garbage took a sixth of the time
    asked = _parser().parse_args(words)
    fields = {name: value for name, value in vars(asked).items() if name != "workers" and value is not None}
    return answer(lambda spec, progress: simulate(spec, asked.workers, Assumptions(**fields), progress))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="daybreak.bootstrap.simulate")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--table", type=Path)
    parser.add_argument("--surrogate", type=Path)
    parser.add_argument("--data-set")
    for name in ("unit", "start", "resume", "freeze"):
        parser.add_argument(f"--{name}-seconds", type=float)
    parser.add_argument("--crash", type=float)
    parser.add_argument("--alone", dest="against_random", action="store_false")
    return parser


if __name__ == "__main__":
    sys.exit(main())
