"""Share of slot time that is spent in user code: the spoken-digits example on 2 slots. Target: 95 %.

    python benchmarks/user_share.py [--trials 27]

Slot time is what attempts held slots, from grant to end; user time what their function ran, from its first line to its last, without
loading and saving checkpoints and waiting for verdicts. The rest is ours. Needs the recordings (see the example).
"""

import argparse
import tempfile
from pathlib import Path

from daybreak.client.client import Client
from daybreak.client.experiment import Experiment

EXAMPLE = Path(__file__).parents[1] / "examples" / "spoken_digits" / "spoken_digits.yaml"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=27)
    options = parser.parse_args()
    experiment = Experiment.from_file(EXAMPLE)
    experiment.spec = experiment.spec.model_copy(
        update={"budget": experiment.spec.budget.model_copy(update={"trials": options.trials})}
    )
    with tempfile.TemporaryDirectory() as folder, Client(Path(folder) / "home", slots="2") as client:
        number = experiment.submit(client)
        client.wait(number)
        row = client.experiment(number)
        trials = client.trials(number)
        client.call("shutdown", freeze=False)
    seconds = (row.ended or 0.0) - (row.started or 0.0)
    print(f"{row.state} ({row.why}): {len(trials)} trials, {row.units} units, {seconds:.0f} s; best {row.best}")
    print(
        f"slot time {row.slot_seconds:.1f} s, {100 * row.summary['user_share']:.1f} % of it in user code (to reach: 95 %)"
    )
    print(f"warm-up, charged to no slot: {row.summary.get('prepared')}")


if __name__ == "__main__":
    main()
