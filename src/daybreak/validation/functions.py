"""The user's own functions that an audit calls: to prepare features, to train, to predict; each `module:function`, see `calling`.

`preprocess(train, test) -> (train features, test features)` must not look at test; `fit(train, test) -> predictions` trained on shuffled
labels must score chance; `predict(model, test) -> predictions` is given the model's file (of a run the checkpoint, which
`daybreak.load_checkpoint` reads) and rows, and its predictions for test are scored on all, overlapping and clean rows, and held against
those for train.
"""

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from daybreak.audit.frame import Frame
from daybreak.audit.outcome import NotApplicable, Outcome
from daybreak.audit.registry import Rule
from daybreak.audit.scores import Scored
from daybreak.base.errors import UsageError, UserCodeError
from daybreak.readers.opened import Opened
from daybreak.spec.shorthand import FUNCTION
from daybreak.validation import permuted, preprocessing
from daybreak.validation.calling import Callee, Columns, arrays, rows_of
from daybreak.validation.running import Options

PREPROCESSING = Rule(preprocessing.RULE, "examination", "", "Does preparing the features look at test?")
SHUFFLED = Rule(permuted.RULE, "examination", "", permuted.QUESTION)
BETTER = Rule("test_better.model", "examination", "", "Does the model score better on test than on train?")
EXPECTS = "it is called with the model's file and rows, a table with all columns, and returns one prediction per row"


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
        if not self.predict:
            return replace(options, probes=tuple(probes))
        model = _Model(self, {})
        probes.append((BETTER, model.better))
        return replace(options, probes=tuple(probes), predict=lambda opened: model.predictions(opened, "test"))

    def _prepared(self, opened: Opened, options: Options) -> Outcome:
        return preprocessing.check(self.preprocess, opened, python=self.python, folder=self.folder, told=options.told)

    def _shuffled(self, opened: Opened, options: Options) -> Outcome:
        return permuted.check(self.fit, opened, python=self.python, folder=self.folder, told=options.told)


@dataclass(frozen=True)
class _Model:
    """The user's model: its predictions, each side's asked for once."""

    functions: Functions
    made: dict[str, Any]

    def predictions(self, opened: Opened, side: str) -> Any:
        """For all rows of a side, in order. Raises `UserCodeError`."""
        if side not in self.made:
            self.made[side] = self._asked(arrays(rows_of(opened, side), opened))
        if isinstance(self.made[side], UserCodeError):
            raise self.made[side]
        return self.made[side]

    def _asked(self, rows: Columns) -> Any:
        known = self.functions
        model = (known.model or Path()).absolute()
        with TemporaryDirectory(prefix="daybreak-audit-") as scratch:
            callee = Callee(known.predict, known.python, known.folder.absolute(), Path(scratch))
            (found,), _ = callee.call([(model, rows)], "predictions", EXPECTS)
        return found

    def better(self, opened: Opened, frame: Frame) -> Outcome:
        """Whether it scores better on test than on train. Raises `NotApplicable` without a target."""
        from daybreak.audit.better import of_scores
        from daybreak.audit.effect import LOW_IS_GOOD

        if frame.about.target is None:
            raise NotApplicable("needs a target: --target")
        test = self._score(frame, self.predictions(opened, "test"))
        train = self._score(replace(frame, test=frame.train), self.predictions(opened, "train"))
        outcome = of_scores(train.all, test.all, higher_is_better=test.metric not in LOW_IS_GOOD)
        named = tuple(msgspec.structs.replace(one, rule=BETTER.name) for one in outcome.findings)
        return replace(outcome, rule=BETTER.name, findings=named, looked_at=frame.counts)

    def _score(self, frame: Frame, predictions: Any) -> Scored:
        from daybreak.audit.rescore import of_model

        made = of_model(frame, predictions)
        if made is None:
            raise NotApplicable("needs rows with a target on both sides")
        return made
