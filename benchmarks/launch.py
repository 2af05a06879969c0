"""From the grant of a slot to the user's first line, torch imported, against a cold `python -c "import torch"`. Target: 20x less, median.

    python benchmarks/launch.py [--cold 5]

The digits search with torch runs for real; each attempt's own figure stands in the log (AttemptStarted.seconds, by the agent's clock).
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from daybreak.client.client import Client
from daybreak.client.experiment import Experiment

EXAMPLE = Path(__file__).parents[1] / "examples" / "digits" / "digits_torch.yaml"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cold", type=int, default=5)
    options = parser.parse_args()
    cold = []
    for _ in range(options.cold):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], check=True)
        cold.append(time.perf_counter() - began)
    with tempfile.TemporaryDirectory() as folder, Client(Path(folder) / "home", slots="2") as client:
        number = Experiment.from_file(EXAMPLE).submit(client)
        client.wait(number)
        events = [entry["event"] for entry in client.call("events", experiment=number, limit=100_000)]
        client.call("shutdown", freeze=False)
    started = [event["seconds"] for event in events if event["event"] == "attempt_started"]
    ways = {event["how"] for event in events if event["event"] == "attempt_started"}
    ours, theirs = statistics.median(started), statistics.median(cold)
    print(
        f"cold import of torch {1000 * theirs:.0f} ms; grant to first line {1000 * ours:.1f} ms (median of {len(started)}, {ways})"
    )
    print(f"ratio {theirs / ours:.0f}x (to reach: 20x)")


if __name__ == "__main__":
    main()
