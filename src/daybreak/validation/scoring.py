"""Score one model on its sealed test set, after the search: a fork that trains nothing, of the same family, whose look counts."""

from daybreak.base.errors import NotFound, UsageError
from daybreak.client.client import Client
from daybreak.proof.forking import Changes, fork
from daybreak.proof.reference import Found, kept_checkpoints
from daybreak.spec.models import Experiment
from daybreak.spec.shorthand import FUNCTION


def scoring(client: Client, found: Found, function: str) -> Experiment:
    """The experiment that calls `function(run)` with the run as it stands at its checkpoint. Raises `NotFound`, `UsageError`, `SpecError`.

    The function keeps what training kept (`run.keep` restores it), and calls `run.score_test`. It must not train.
    """
    spec = Experiment.model_validate(found.experiment.spec)
    name = found.name
    if not FUNCTION.fullmatch(function):
        raise UsageError(f"what scores a model is a function, module:function, got {function!r}: such as train:final")
    if spec.is_command:
        raise UsageError(f"{name} is a command: only a training function can open sealed data")
    if not any(source.sealed for source in spec.data.values()):
        raise UsageError(
            f"{name} has no sealed test set: name it under `data:` with `sealed: true`, and fork it with that"
        )
    if found.trial is None:
        raise NotFound(f"experiment {name} has no trial with a score: name one, such as {name}.1")
    kept = found.checkpoint or next(iter(reversed(kept_checkpoints(client, found.trial))), None)
    if kept is None:
        raise NotFound(f"of {name} no checkpoint is kept, so there is no model to score")
    made = fork(client, found, Changes({"max_units": kept.units + 1}))  # a fork must have somewhere to go; it does not
    return made.model_copy(update={"run": function, "retry": made.retry.model_copy(update={"attempts": 0})})


def best_of(client: Client, found: Found) -> Found:
    """The run itself, or of an experiment its best trial."""
    number = found.experiment.best_trial
    if found.trial is not None or number is None:
        return found
    trial = next(row for row in client.trials(found.experiment.experiment) if row.trial == number)
    return found._replace(trial=trial)
