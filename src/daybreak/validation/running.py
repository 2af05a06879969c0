"""An audit run: open the data, ask the rules, score again without what overlaps, report."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from daybreak.audit.frame import Frame
from daybreak.audit.outcome import Outcome
from daybreak.audit.registry import Rule
from daybreak.audit.scores import Rescore
from daybreak.readers.opened import Opened
from daybreak.readers.opening import open_sides
from daybreak.readers.request import Request
from daybreak.readers.spilling import DiskSpill
from daybreak.validation import summing
from daybreak.validation.asking import MOST_ROWS, Asked, Asking, Told, on_rows, timed
from daybreak.validation.choosing import chosen
from daybreak.validation.remarks import remarks
from daybreak.validation.report import Report

BASELINE = Rule("baseline", "examination", "effect:against_baselines", "Does the model beat what needs no skill?")
PREDICT = Rule("predict", "examination", "", "What does the model predict for the test rows?")
RESCORE = Rule("rescore", "examination", "rescore:rescore", "What is the score without the overlap?")


Probe = Callable[[Opened, Frame], Outcome]  # asks what needs more than the rows: code, a model, the user's functions


@dataclass(frozen=True, kw_only=True)
class Options:
    """How it is asked. `predictions`: of the user's model for the test rows, in order: labels, values, or probabilities per class."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    seed: int = 0
    most_rows: int = MOST_ROWS
    predictions: Any = None
    predict: Callable[[Opened], Any] | None = None  # gives them, where they are not at hand
    probes: tuple[tuple[Rule, Probe], ...] = ()
    code: str = ""  # digest of the code that is looked at, for fingerprints
    told: Told = field(default=lambda *_: None)


def run(request: Request, options: Options) -> Report:
    """Audit what the request names. Raises `UsageError` for what cannot be read."""
    began, at = time.perf_counter(), time.time()
    rules = chosen(options.only, options.skip)
    opened = open_sides(request, options.told)
    with DiskSpill() as spill:
        frame, asked = Asking(opened, rules, spill, options.seed, options.most_rows, options.told).ask()
        probed = (_asked(rule, partial(probe, opened, frame), options) for rule, probe in options.probes)
        asked += [on_rows(one, frame, {}) for one in probed]  # they open the data themselves, and say how much of it
        scored = _rescored(frame, asked, _predicted(opened, asked, options))
    about = frame.about
    found = [*opened.notes, *remarks(frame), *(finding for one in asked for finding in one.outcome.findings)]
    named = summing.findings(found, about.digests, options.code)
    return Report(
        findings=summing.shown(named, opened.sides),
        answers=summing.answers(asked),
        rescore=scored,
        kind=summing.kind(about),
        task=about.task or "",
        target=about.target.name if about.target else "",
        rows=about.rows,
        sources=about.sources,
        digests=about.digests,
        code=options.code,
        at=at,
        seconds=round(time.perf_counter() - began, 3),
    )


def _asked(rule: Rule, ask: Callable[[], Outcome], options: Options) -> Asked:
    options.told(rule.question, 0, 0)
    return timed(rule, ask)


def _predicted(opened: Opened, asked: list[Asked], options: Options) -> Options:
    """The options with predictions, if a function gives them; one that fails is told as a rule that could not run."""
    ask = options.predict
    if options.predictions is not None or ask is None:
        return options
    made: list[Any] = []

    def predict() -> Outcome:
        made.append(ask(opened))
        return Outcome(PREDICT.name, "clean")

    asked.append(_asked(PREDICT, predict, options))
    return replace(options, predictions=made[0] if made else None)


def _rescored(frame: Frame, asked: list[Asked], options: Options) -> Rescore | None:
    """The re-score; what came of it as a rule joins `asked`."""
    from daybreak.audit.effect import against_baselines
    from daybreak.audit.rescore import rescore

    if frame.about.target is None:
        return None
    hits = {one.outcome.rule: one.outcome.hits for one in asked if one.outcome.hits is not None}
    searched = any(one.rule.name.startswith("overlap") and one.outcome.status in {"clean", "findings"} for one in asked)
    made: list[Rescore | None] = []

    def score() -> Outcome:
        made.append(rescore(frame, hits, options.predictions, searched=searched))
        return Outcome(RESCORE.name, "clean")

    asked.append(on_rows(_asked(RESCORE, score, options), frame, frame.counts))
    found = made[0] if made else None
    if options.predictions is not None and found is not None:
        asked.append(on_rows(timed(BASELINE, lambda: against_baselines(found)), frame, frame.counts))
    return found
