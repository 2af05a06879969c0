"""The user's own functions that an audit calls: to prepare features, to train, to predict; each `module:function`, see `calling`.

`preprocess(train, test) -> (train features, test features)` must not look at test; `fit(train, test) -> predictions` trained on shuffled
labels must score chance; `predict(model, test) -> predictions` is given the model's file (of a run the checkpoint, which
`daybreak.load_checkpoint` reads) and the test rows, and its predictions are scored on all, overlapping and clean rows.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from daybreak.audit.registry import Rule
from daybreak.base.errors import UsageError, UserCodeError
from daybreak.readers.opened import Opened
from daybreak.spec.shorthand import FUNCTION
from daybreak.validation import permuted, preprocessing
from daybreak.validation.calling import Callee, arrays, rows_of
from daybreak.validation.running import Options

PREPROCESSING = Rule(preprocessing.RULE, "examination", "", "Does preparing the features look at test?")
SHUFFLED = Rule(permuted.RULE, "examination", "", permuted.QUESTION)
EXPECTS = (
    "it is called with the model's file and the test rows, a table with all columns, and returns one prediction per row"
)


@dataclass(frozen=True)
class Functions:
    """Which functions there are, where their code lies, and which interpreter runs them."""

    preprocess: str = ""
    fit: str = ""
    predict: str = ""
    model: Path | None = None
    python: str = sys.executable
    folder: Path = field(default_factory=Path.cwd)

    def asked(self, options: Options) -> Options:
        """The options with what these functions are asked. Raises `UsageError` for what is no `module:function`."""
        for name in ("preprocess", "fit", "predict"):
            function = getattr(self, name)
            if function and not FUNCTION.fullmatch(function):
                raise UsageError(f"--{name} takes a function, module:function, got {function!r}: such as train:{name}")
        if self.predict and self.model is None:
            raise UsageError("--predict needs the model that predicts: --model FILE, or audit a run with a checkpoint")
        probes = list(options.probes)
        if self.preprocess:
            probes.append((PREPROCESSING, lambda opened, _: self._prepared(opened, options)))
        if self.fit:
            probes.append((SHUFFLED, lambda opened, _: self._shuffled(opened, options)))
        return replace(options, probes=tuple(probes), predict=self._predictor() or options.predict)

    def _prepared(self, opened: Opened, options: Options) -> Any:
        return preprocessing.check(self.preprocess, opened, python=self.python, folder=self.folder, told=options.told)

    def _shuffled(self, opened: Opened, options: Options) -> Any:
        return permuted.check(self.fit, opened, python=self.python, folder=self.folder, told=options.told)

    def _predictor(self) -> Callable[[Opened], Any] | None:
        model = self.model
        if not self.predict or model is None:
            return None
        return lambda opened: self._predicted(opened, model.absolute())

    def _predicted(self, opened: Opened, model: Path) -> Any:
        """Predictions for all test rows, in order. Raises `UserCodeError`."""
        test = arrays(rows_of(opened, "test"), opened)
        with TemporaryDirectory(prefix="daybreak-audit-") as scratch:
            callee = Callee(self.predict, self.python, self.folder.absolute(), Path(scratch))
            (found,), _ = callee.call([(model, test)], "predictions", EXPECTS)
        if isinstance(found, UserCodeError):
            raise found
        return found
