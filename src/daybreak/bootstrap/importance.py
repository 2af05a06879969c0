"""`python -m daybreak.bootstrap.importance`: shares of hyperparameters, in a process of its own since it imports Optuna."""

import sys

import msgspec

from daybreak.search.importance import importance
from daybreak.search.spaces import Space
from daybreak.spec.models import Experiment


def main() -> None:
    """Read `{spec, trials: [{point, score}]}` from standard input, answer `{"result": {name: share}}`."""
    given = msgspec.json.decode(sys.stdin.buffer.read())
    spec = Experiment.model_validate(given["spec"])
    sign = -1.0 if spec.objectives[0].direction == "maximize" else 1.0
    trials = [(trial["point"], sign * float(trial["score"])) for trial in given["trials"]]
    shares = importance(Space.from_spec(spec), [point for point, _ in trials], [loss for _, loss in trials])
    sys.stdout.buffer.write(msgspec.json.encode({"result": shares}) + b"\n")


if __name__ == "__main__":
    main()
