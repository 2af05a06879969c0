"""100,000 trials on 1,000 simulated workers. Target: within 120 s and 1 GB.

    python benchmarks/simulate.py [--trials 100000] [--workers 1000] [--sampler random]

The whole of `daybreak simulate`: the real controller, step, search and sampler, a simulated clock and machine, and made-up curves.
"""

import argparse
import gc
import resource
import time

from daybreak.bootstrap.simulate import Assumptions
from daybreak.bootstrap.simulation import run
from daybreak.spec.loading import from_mapping

SECONDS, BYTES = 120, 2**30
SPACE = {
    "lr": {"log": [1e-5, 1.0]},
    "width": {"int": [8, 1024], "log": True},
    "drop": {"uniform": [0, 0.9]},
    "optimizer": {"choice": ["sgd", "adamw"]},
    "momentum": {"uniform": [0, 0.99], "when": "optimizer == 'sgd'"},
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=1_000)
    parser.add_argument("--sampler", default="random")
    asked = parser.parse_args()
    search = {"method": "asha", "max_units": 81, "max_trials": asked.trials, "sampler": asked.sampler}
    spec = from_mapping(
        {"name": "many", "run": "m:f", "space": SPACE, "objective": {"maximize": "acc"}, "search": search},
        folder="/tmp",
    )
    assumed = Assumptions()
    gc.set_threshold(50_000, 20, 100)  # as the job does
    wall, cpu = time.perf_counter(), time.process_time()
    outcome = run(spec, assumed.machine(asked.workers, 0), assumed.curves)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    found = outcome.plain()
    print(f"{found['trials']:,} trials on {asked.workers:,} workers, sampler {asked.sampler}: {found['state']}")
    print(f"  {outcome.events:,} events, {found['units']:,} units, {found['slot_hours']:,.0f} slot-hours simulated")
    print(f"  {wall:6.1f} s    {wall / SECONDS:.2f}x of the {SECONDS} s allowed ({cpu:.1f} s of CPU)")
    print(f"  {size / 2**20:6.0f} MiB  {size / BYTES:.2f}x of the 1 GiB allowed")
    print(f"  {outcome.events / wall:,.0f} events/s, {outcome.events / cpu:,.0f} per CPU second")


if __name__ == "__main__":
    main()
