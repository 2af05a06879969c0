"""How often groups, time, shift, shortcuts and test_better find what is planted, and what is not there.

Clean data is drawn from one distribution and split at random; planted data has one fault. Counts warnings and errors, over seeds.

    python benchmarks/audit_alarms.py [--seeds 40] [--only iid]
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "unit" / "audit"))
from audit_planted import CLEAN, PLANTED  # the same generators as in the tests

from daybreak.audit.better import test_better_than_train
from daybreak.audit.groups import groups
from daybreak.audit.outcome import NotApplicable
from daybreak.audit.shift import shift
from daybreak.audit.shortcuts import metadata
from daybreak.audit.time import order

AUDITS = {"groups": groups, "time": order, "shift": shift, "shortcuts": metadata, "test_better": test_better_than_train}


def alarms(frame, only=None):
    """Names of the audits that warn or block, with their seconds."""
    found, seconds = [], {}
    for name, audit in AUDITS.items():
        if only is not None and name not in only:
            continue
        began = time.perf_counter()
        try:
            if any(finding.severity != "info" for finding in audit(frame).findings):
                found.append(name)
        except NotApplicable:
            pass
        seconds[name] = time.perf_counter() - began
    return found, seconds


def clean(seeds, only):
    """False alarms, per kind of clean data and audit."""
    total, count, slowest = Counter(), 0, Counter()
    for name, make in CLEAN.items():
        if only and only not in name:
            continue
        raised = Counter()
        for seed in range(seeds):
            found, seconds = alarms(make(seed))
            raised.update(found)
            slowest |= Counter(seconds)
        print(f"clean   {name:28} {seeds} seeds: {dict(raised) or 'no alarm'}", flush=True)
        total, count = total + raised, count + seeds
    print(
        f"clean   all {count} data sets: {dict(total) or 'no alarm'}; slowest { ({k: round(v, 1) for k, v in slowest.items()}) }"
    )


def planted(seeds, only):
    """Hits, per kind of fault."""
    for name, (expected, make) in PLANTED.items():
        if only and only not in name:
            continue
        hits = sum(expected in alarms(make(seed), {expected})[0] for seed in range(seeds))
        print(f"planted {name:40} {expected:12} found in {hits} of {seeds}", flush=True)


def main():
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    np.seterr(all="ignore")
    clean(arguments.seeds, arguments.only)
    planted(arguments.seeds, arguments.only)


if __name__ == "__main__":
    main()
