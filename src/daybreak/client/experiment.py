"""An experiment as a Python object: the same as the file, handed in and followed from a program or a notebook."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from daybreak.base.errors import UsageError
from daybreak.client.client import Client
from daybreak.client.experiment_file import known_names, read_experiment
from daybreak.client.submission import resolve
from daybreak.spec.loading import from_mapping
from daybreak.wire.api import Status
from daybreak.wire.rows import ExperimentRow, TrialRow


class Experiment:
    """`Experiment(run="train:main", space={...}, objective={"maximize": "accuracy"}, ...).run()`.

    The keywords are the keys of the experiment file (`docs/reference`). `run` may also be a function at the top of a module of a
    folder: it is named by its module, since each attempt imports it afresh. `folder` is where that module is (the
    working directory if left out). Raises `SpecError` with every fault at once.
    """

    def __init__(self, *, folder: str | Path = ".", run: str | list[str] | Callable[..., Any], **keys: Any) -> None:
        place = Path(folder).expanduser().absolute()
        if callable(run):
            run, place = _named(run)
        methods, samplers = known_names()
        data = {"run": run, **keys}
        self.spec = from_mapping(data, folder=str(place), known_methods=methods, known_samplers=samplers)

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read an experiment file; `run` is looked for in the file's folder unless the file names another."""
        made = cls.__new__(cls)
        made.spec = read_experiment(Path(path))
        return made

    def submit(self, client: Client) -> int:
        """Hand it in; its number."""
        spec, _warning = resolve(client.home, self.spec)
        return client.submit(spec.model_dump(mode="json"))

    def run(self, *, home: str | Path | None = None, progress: Callable[[Status], None] | None = None) -> "Result":
        """Hand it in and wait until it is over. `progress` is called with every change."""
        with Client(home) as client:
            number = self.submit(client)
            for status in client.watch(number):
                if progress is not None:
                    progress(status)
            return Result(client.experiment(number), client.trials(number))


class Result:
    """What an experiment came to."""

    def __init__(self, experiment: ExperimentRow, trials: list[TrialRow]) -> None:
        self.experiment = experiment
        self.trials = trials

    @property
    def best(self) -> TrialRow | None:
        """The best trial; None when none has a score."""
        return next((t for t in self.trials if t.trial == self.experiment.best_trial), None)

    def __repr__(self) -> str:
        found = (
            f"best trial {self.best.trial}: {self.best.score:.4g}"
            if self.best and self.best.score is not None
            else "no score"
        )
        return f"<{self.experiment.name} #{self.experiment.experiment} {self.experiment.state}, {len(self.trials)} trials, {found}>"


def _named(function: Callable[..., Any]) -> tuple[str, Path]:
    module = inspect.getmodule(function)
    file = inspect.getsourcefile(function)
    if module is None or file is None or "." in function.__qualname__ or function.__name__ == "<lambda>":
        raise UsageError(
            f"`run` must be a function at the top of a module's file (each attempt imports it afresh), got {function!r}; "
            'or name it: run="train:main"'
        )
    name = Path(file).stem if module.__name__ == "__main__" else module.__name__
    return f"{name}:{function.__name__}", Path(file).absolute().parents[name.count(".")]
