"""Golden trace: events in, commands out, one JSON object per line. `DAYBREAK_WRITE_GOLDEN=1` writes it anew: read the difference.

A small search by promotion on two slots: five trials, a crash, a lost process, a pause, a promotion from a checkpoint.
"""

import os
from pathlib import Path

import msgspec

from daybreak import lifecycle
from daybreak.spec.domains import Uniform
from daybreak.spec.models import Experiment, Objective, Search
from daybreak.testing.histories import METRIC, Plan, World

TRACE = Path(__file__).with_name("promotion.jsonl")


def played():
    spec = Experiment(
        name="digits",
        run="train:main",
        space={"lr": Uniform(low=0, high=1)},
        objectives=(Objective(metric=METRIC),),
        search=Search(max_units=9, max_trials=6),
        seed=7,
    )
    world, state, lines = World(Plan((spec,), seed=12, faults=0.25, troubled=30)), lifecycle.new_state(), []
    while (entry := world.tick()) is not None:
        at, event = entry
        commands = lifecycle.step(state, at, event)
        lifecycle.check(state)
        world.obey(commands)
        lines.append(msgspec.json.encode({"at": round(at - 1_000_000, 3), "in": event, "out": commands}))
    return b"\n".join(lines) + b"\n"


def test_the_recorded_events_give_the_recorded_commands():
    now = played()
    if os.environ.get("DAYBREAK_WRITE_GOLDEN"):
        TRACE.write_bytes(now)

    assert now.decode().splitlines() == TRACE.read_text().splitlines()
