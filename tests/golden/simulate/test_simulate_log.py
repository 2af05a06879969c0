"""The whole log of a small simulated search, one line an event: what a person reads to see what a change of ours changes.

`DAYBREAK_UPDATE_GOLDEN=1 pytest tests/golden/simulate` writes it anew; read the difference before it is committed. Floats are
rounded to six digits: the last bits of a power differ between machines.
"""

import json
import os
from pathlib import Path

import msgspec

from daybreak.bootstrap.simulate import Assumptions
from daybreak.bootstrap.simulation import run
from daybreak.ledger.memory import MemoryLedger
from daybreak.spec.loading import from_mapping

GOLDEN = Path(__file__).with_name("log.jsonl")
SPEC = {
    "name": "golden",
    "run": "train:main",
    "space": {"lr": {"log": [1e-4, 1e-1]}, "width": {"choice": [16, 32, 64]}},
    "objective": {"maximize": "acc"},
    "search": {"method": "asha", "max_units": 9, "max_trials": 9, "sampler": "random"},
    "seed": 11,
}


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list | tuple) else value


def test_a_small_search_is_logged_as_it_always_was():
    spec, assumed, ledger = from_mapping(SPEC, folder="/nowhere"), Assumptions(crash=0.1), MemoryLedger()
    run(spec, assumed.machine(2, 1), assumed.curves, ledger=ledger)
    lines = []
    for entry in ledger.replay():
        event = msgspec.to_builtins(entry.event)
        if event["event"] == "submitted":
            event.pop("spec")  # the spec's own tests keep it
        lines.append(json.dumps(rounded({"at": entry.at, **event})))
    if os.environ.get("DAYBREAK_UPDATE_GOLDEN"):
        GOLDEN.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lines == GOLDEN.read_text(encoding="utf-8").splitlines()
