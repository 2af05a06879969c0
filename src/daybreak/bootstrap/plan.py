"""`python -m daybreak.bootstrap.plan`: what a search will cost, from its spec alone."""

import argparse
import sys
from dataclasses import asdict
from itertools import islice
from typing import Any

from daybreak.bootstrap.jobs import answer
from daybreak.search.plan import Plan, plan
from daybreak.search.spaces import Space
from daybreak.spec.models import LOGICAL_WORKERS, Experiment

LARGEST_GRID = 1_000_000  # points; a larger one is planned as this


def planned(spec: Experiment, unit_seconds: float | None = None, slots: int = 1) -> dict[str, Any]:
    """The plan as plain JSON data: the fields of `search.plan.Plan`, `ends`, `units`, and rungs per bracket."""
    grid_size = _grid_size(spec) if spec.search.method == "grid" else None
    found = _plain(plan(spec, unit_seconds=unit_seconds, slots=slots, grid_size=grid_size))
    if spec.deterministic:
        found["notes"] = [*found["notes"], _turns(spec)]
    return found


def _turns(spec: Experiment) -> str:
    workers = spec.search.max_concurrent or LOGICAL_WORKERS
    text = f"deterministic: {workers} trials train at once on however many slots (search.max_concurrent)"
    return f"{text}, and decisions wait for their turn: daybreak simulate shows what that costs in idle slots"


def _grid_size(spec: Experiment) -> int:
    return sum(1 for _ in islice(Space.from_spec(spec).grid(), LARGEST_GRID))


def _plain(found: Plan) -> dict[str, Any]:
    ends = {str(units): count for units, count in found.ends.items()}
    return asdict(found) | {"ends": ends, "units": found.units}


def main(words: list[str] | None = None) -> int:
    """Read a resolved spec from standard input; see `bootstrap.jobs` for what is written."""
    parser = argparse.ArgumentParser(prog="daybreak.bootstrap.plan")
    parser.add_argument("--unit-seconds", type=float)
    parser.add_argument("--slots", type=int, default=1)
    asked = parser.parse_args(words)
    return answer(lambda spec, _progress: planned(spec, asked.unit_seconds, asked.slots))


if __name__ == "__main__":
    sys.exit(main())
