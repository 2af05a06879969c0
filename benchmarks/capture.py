"""What capturing adds to handing in a run: unchanged folder and environment, in a fresh process, with and without capture in turn.

    python benchmarks/capture.py [--runs 15] [--folder examples/digits]

Each process resolves the same experiment against the same home; `without` is the same code path with nothing captured (the spec, its
folder and interpreter checked). Reported: medians, and the difference, which is to stay under 150 ms. Also the first capture of all.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = """
import sys, time
began = time.perf_counter()
from pathlib import Path
from daybreak.base.home import Home
from daybreak.client import submission
from daybreak.spec.loading import from_mapping
spec = from_mapping({"run": "train:main", "objective": {"maximize": "accuracy"}}, folder=sys.argv[2])
imported = time.perf_counter()
if sys.argv[3] == "without":
    submission._record = lambda *_: (None, [])
found, warning = submission.resolve(Home(Path(sys.argv[1])), spec)
ended = time.perf_counter()
assert bool(found.provenance) == (sys.argv[3] == "with"), warning
print(ended - imported, ended - began)
"""


def resolve(home, folder, how):
    words = [sys.executable, "-c", PROGRAM, str(home), str(folder), how]
    told = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return [1000 * float(word) for word in told.split()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--folder", type=Path, default=ROOT / "examples" / "digits")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "home"
        first = resolve(home, options.folder, "with")[0]
        times = {"with": [], "without": []}
        for _ in range(options.runs):
            for how, taken in times.items():
                taken.append(resolve(home, options.folder, how))
    parts = {how: [statistics.median(part) for part in zip(*taken, strict=True)] for how, taken in times.items()}
    for how, (resolving, whole) in parts.items():
        print(f"{how:8} capture: resolve {resolving:6.1f} ms, imports and all {whole:6.1f} ms")
    added = parts["with"][0] - parts["without"][0]
    whole = parts["with"][1] - parts["without"][1]
    print(
        f"capture adds {added:.1f} ms to resolving, {whole:.1f} ms to the process (to stay under 150 ms); the first one took {first:.0f} ms"
    )


if __name__ == "__main__":
    main()
