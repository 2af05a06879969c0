"""Every benchmark, one after the other, each printing what it measured and what it was to reach.

    python benchmarks/all.py [--quick]

Needs a quiet machine for figures worth quoting: read the ratios. Those that need the recordings, the tables or the other tools say so.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ALL = (
    "launch",
    "digits",
    "report_decide",
    "controller",
    "simulate",
    "points",
    "list_runs",
    "ledger",
    "hashing",
    "samplers",
    "help",
    "order",
    "checkpoint_async",
    "user_share",
    "taskset",
    "audit_overlap",
    "audit_images",
    "audit_texts",
    "audit_code",
    "drift",
    "codec",
    "batch",
    "rollout",
    "edge",
)
QUICK = {
    "batch": ["--rows", "100000", "--rounds", "2"],
    "taskset": ["--quick"],
    "user_share": ["--trials", "6"],
    "digits": ["--runs", "1"],
}


def main(words):
    failed = []
    for name in ALL:
        print(f"\n== {name}", flush=True)
        options = QUICK.get(name, []) if "--quick" in words else []
        if subprocess.run([sys.executable, str(HERE / f"{name}.py"), *options], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"\ndid not end well: {', '.join(failed)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
