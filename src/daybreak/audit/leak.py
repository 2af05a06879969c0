"""Target leakage: a column that gives the target away, because it was written down after it, or from it.

Each column alone predicts the target of train out of fold (`single`). Above 0.98 (the lower 95 % bound of AUC or R2), or equal to the
target value for value: error. Above 0.8, or far ahead of all others and all that a model has: warning, unless
a model loses little without it (`ablation`), or three or more columns (or half of them) do as well: then the task is easy, and that is
told as information. A column that is declared known when a prediction is asked for is information at most; one that is declared not to
be known is an error wherever it stands among the features. Columns that look like groups (a patient's number tells the patient's
illness) are left to the rule `groups`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from daybreak.audit import chance
from daybreak.audit.ablation import Ablation, ablate
from daybreak.audit.about import Column
from daybreak.audit.baselines import time_order
from daybreak.audit.effect import METRIC
from daybreak.audit.encoding import Codes, numbers
from daybreak.audit.frame import Frame
from daybreak.audit.group_guessing import guessed
from daybreak.audit.outcome import Finding, NotApplicable, Outcome, Severity, answered
from daybreak.audit.problem import Problem, problem_of
from daybreak.audit.single import FOLDS, Sample, Single, explained, look, strongest_dimension
from daybreak.audit.sums import exact_sum

RULE = "target_leak"
MOST_ROWS, FEWEST_SAMPLED = 20_000, 2000
MOST_NUMBERS = 2_000_000  # rows times columns
MOST_COLUMNS = 1000  # numbers that are looked at closely
FEWEST = 20
PERFECT, STRONG = 0.98, 0.8
GIANT, FAR_AHEAD = 0.5, 0.25  # skill of a lone giant, and of the next best as a share of it
EASY = 3  # so many strong columns (or half of all), none far ahead: an easy task
ALL = 0.25  # share of a model's skill that is left without a lone giant
LITTLE = 0.8  # share of a model's skill that it keeps without a column which is not needed
MOST_ABLATED = 5
ROWS_A_GROUP = 50  # a group has no more on average, or is on one side only


@dataclass(frozen=True)
class Looked:
    """All that was seen."""

    frame: Frame
    problem: Problem
    singles: dict[str, Single]
    alone: bool  # there is one feature only
    rows: int  # of train that were looked at

    @property
    def score(self) -> str:
        """What is measured of one column."""
        return "R2" if self.problem.numeric else "AUC"

    def skill(self, single: Single) -> float:
        """0 of no use, 1 perfect."""
        return max(single.score if self.problem.numeric else 2 * single.score - 1, 0.0)


def single_features(frame: Frame) -> Outcome:
    """Columns that tell the target alone. Raises `NotApplicable` without a target, a feature, or 20 rows with a target."""
    problem = problem_of(frame)
    if len(problem.y) < FEWEST:
        raise NotApplicable(f"needs at least {FEWEST} train rows with a target, got {len(problem.y)}")
    groups = _groups(frame)
    columns = [
        column
        for column in frame.about.having("feature", "content", "id")
        if column.type not in {"empty", "digest"} and column.name not in groups
    ]
    if not columns:
        raise NotApplicable("needs at least one feature")
    sample, rows = _sample(frame, problem, max(FEWEST_SAMPLED, min(MOST_ROWS, MOST_NUMBERS // len(columns))))
    columns, many = _promising(frame, columns, sample, rows), len(columns)
    singles = {column.name: _look(frame, column, problem, sample, rows) for column in columns}
    looked = Looked(frame, problem, singles, sum(c.purpose != "id" for c in columns) == 1, len(rows))
    findings = [*_judged(looked), *_of_sums(looked, columns, sample, rows)]
    strongest = sorted(singles.values(), key=lambda one: -one.score)[:10]
    measured = {
        "score": looked.score,
        "strongest": {one.column: round(one.score, 4) for one in strongest},
        "rows": len(rows),
        "columns": many,
        "looked_at_closely": len(columns),
        "left_to_groups": sorted(groups),
    }
    part = {"train": len(rows)} if len(rows) < len(problem.y) else {}
    return answered(RULE, findings, measured=measured, looked_at=part)


def _groups(frame: Frame) -> set[str]:
    """Columns that name patients, speakers, tickets: each has its own target, so their values tell it, and the rule `groups` judges that.

    Few rows a value, or values that test has not: a code of outcomes has many rows a value, and the same ones on both sides.
    """
    found = set()
    for one in guessed(frame, None):
        rows = int((one.both >= 0).sum())
        if rows <= ROWS_A_GROUP * len(one.values) or not len(one.shared):
            found.add(one.name)
    return found


def _promising(frame: Frame, columns: list[Column], sample: Sample, rows: Codes) -> list[Column]:
    """All columns, or of more than 1,000 numbers those whose variance the target explains best."""
    measured = [column for column in columns if column.type in {"number", "integer", "boolean"}]
    if len(measured) <= MOST_COLUMNS:
        return columns
    share = [
        float(
            explained(numbers(frame.train.rows[c.name])[rows][:, None].astype(np.float32), sample.y, sample.classes)[0]
        )
        for c in measured
    ]
    kept = {measured[index].name for index in np.argsort(-np.array(share), kind="stable")[:MOST_COLUMNS]}
    return [column for column in columns if column not in measured or column.name in kept]


def _sample(frame: Frame, problem: Problem, most: int) -> tuple[Sample, Codes]:
    """At most so many rows with a target, in five folds; a series also in its order."""
    chosen = np.arange(len(problem.y))
    if len(chosen) > most:
        chosen = np.sort(chance.generator(frame.seed, RULE, "rows").choice(chosen, most, replace=False))
    folds = chance.generator(frame.seed, RULE, "folds").permutation(np.arange(len(chosen)) % FOLDS)
    order = None
    if problem.numeric and (frame.about.task == "forecast" or frame.about.ordered or frame.about.having("time")):
        order = time_order(frame, problem, chosen)
    return Sample(problem.y[chosen], folds, len(problem.classes), order), problem.rows[chosen]


def _look(frame: Frame, column: Column, problem: Problem, sample: Sample, rows: Codes) -> Single:
    single = look(frame, column, problem, sample, rows)
    if column.type in {"image", "audio", "vector"}:
        place, best = strongest_dimension(frame.train.rows[column.name], sample, rows)
        return Single(column.name, f"number {place} of it", best.score, best.low)
    return single


def _judged(looked: Looked) -> list[Finding]:
    about = looked.frame.about
    perfect = [one for one in looked.singles.values() if one.exact or one.low > PERFECT]
    rest = [one for one in looked.singles.values() if one not in perfect and _usual(looked, one)]
    strong = [one for one in rest if one.low > STRONG]
    ranked = sorted((looked.skill(one) for one in rest), reverse=True)
    giant = len(ranked) > 1 and ranked[0] >= GIANT and ranked[1] <= FAR_AHEAD * ranked[0]
    suspects = [one for one in rest if one in strong or (giant and looked.skill(one) == ranked[0])]
    findings = [_perfect(looked, one, index) for index, one in enumerate(perfect)]
    if looked.alone:
        suspects = []
    if len(suspects) >= min(EASY, max(2, len(about.having("feature")) / 2)):
        findings.append(_easy(looked, suspects))
    elif suspects:
        out = tuple(one.column for one in suspects)  # together: of two copies neither is missed where the other stays
        lost = ablate(looked.frame, looked.problem, frozenset(out))
        told = [one for one in suspects if one in strong or lost is None or lost.kept < ALL]
        findings += [_strong(looked, one, out, lost) for one in told]
    undeclared = {finding.subject for finding in findings if finding.severity == "error"}
    findings += [
        _not_known(column)
        for column in about.having("feature")
        if column.known is False and column.name not in undeclared
    ]
    return findings


def _usual(looked: Looked, single: Single) -> bool:
    """Features of a table: one that is declared known is no suspect, and one pixel is no column."""
    column = looked.frame.about.column(single.column)
    return column.known is not True and column.type not in {"image", "audio", "vector"}


def _perfect(looked: Looked, single: Single, index: int) -> Finding:
    column = looked.frame.about.column(single.column)
    lost = None
    if index < MOST_ABLATED and column.purpose != "id":
        lost = ablate(looked.frame, looked.problem, frozenset([single.column]))
    severity: Severity = "error"
    if column.known is True:
        severity = "info"
    elif column.purpose == "id" or (looked.alone and not single.exact):
        severity = "warning"
    because = (
        f"{single.exact[0].upper()}{single.exact[1:]}, in all {looked.rows:,} rows that were looked at."
        if single.exact
        else _bound(looked, single)
    )
    return Finding(
        RULE,
        severity,
        f"The column {single.column} gives the target {_target(looked)} away: {_tells(looked, single)}.",
        "certain" if single.exact else "high",
        because=because,
        matters=_lost(lost, (single.column,))
        or "A score that rests on it will not be reached where the column is not known yet.",
        advice=_advice(column, severity),
        subject=single.column,
        columns=(single.column,),
        measured=_numbers(single, (single.column,), lost),
    )


def _strong(looked: Looked, single: Single, out: Sequence[str], lost: Ablation | None) -> Finding:
    """`lost`: without the columns `out`, this one among them."""
    column = looked.frame.about.column(single.column)
    ahead = "" if single.low > STRONG else ", far more than any other column"
    needed = lost is None or lost.kept < LITTLE
    return Finding(
        RULE,
        "warning" if needed else "info",
        f"The column {single.column} alone tells much of the target {_target(looked)}: {_tells(looked, single)}{ahead}.",
        "moderate" if needed else "low",
        because=_bound(looked, single),
        matters=_lost(lost, out),
        advice=_advice(column, "warning"),
        subject=single.column,
        columns=(single.column,),
        measured=_numbers(single, out, lost),
    )


def _easy(looked: Looked, suspects: Sequence[Single]) -> Finding:
    best = max(suspects, key=lambda one: one.score)
    names = ", ".join(one.column for one in sorted(suspects, key=lambda one: -one.score)[:8])
    return Finding(
        RULE,
        "info",
        f"{len(suspects)} columns each tell much of the target {_target(looked)} alone ({looked.score} above {STRONG}), "
        f"the most {best.column} with {best.score:.3f}.",
        "low",
        because="None stands out, which is what an easy task looks like; a leak is one column, or a few, far ahead of the others.",
        matters="None, if they are known when a prediction is asked for.",
        advice=f"Make sure of it once, for {names}{' and so on' if len(suspects) > 8 else ''}.",  # noqa: PLR2004
        subject="several columns",
        columns=tuple(one.column for one in suspects),
        measured={one.column: round(one.score, 4) for one in suspects[:50]},
    )


def _not_known(column: Column) -> Finding:
    return Finding(
        RULE,
        "error",
        f"The column {column.name} is declared not to be known when a prediction is asked for, and stands among the features.",
        "certain",
        because="It was declared so.",
        matters="A model that was fitted with it cannot be asked, and its score says nothing about one without it.",
        advice=f"Take {column.name} out of both sides before a model is fitted or scored.",
        subject=column.name,
        columns=(column.name,),
    )


def _of_sums(looked: Looked, columns: Sequence[Column], sample: Sample, rows: Codes) -> list[Finding]:
    """A target that is put together from columns, each of which tells only a part."""
    if not looked.problem.numeric or any(one.exact for one in looked.singles.values()):
        return []
    known = [c for c in columns if c.purpose == "feature" and c.type in {"number", "integer", "boolean"}]
    found = exact_sum(looked.frame, known, sample.y, rows)
    if found is None:
        return []
    names = tuple(found)
    says = " + ".join(f"{weight:g} x {name}" if weight != 1 else name for name, weight in found.items())
    declared = all(looked.frame.about.column(name).known for name in names)
    return [
        Finding(
            RULE,
            "info" if declared else "error",
            f"The target {_target(looked)} is put together from columns: it is {says.replace('+ -', '- ')}, exactly.",
            "certain",
            because=f"It holds in all {len(rows):,} rows that were looked at.",
            matters="Nothing has to be learnt: where the columns are known, so is the target, and where they are not, the score is void.",
            advice=f"Take out those of {', '.join(names)} that are known no earlier than the target.",
            subject="+".join(names),
            columns=names,
            measured={"weights": found},
        )
    ]


def _target(looked: Looked) -> str:
    target = looked.frame.about.target
    return target.name if target else ""


def _tells(looked: Looked, single: Single) -> str:
    return f"{single.how} alone has {looked.score} {single.score:.3f}"


def _bound(looked: Looked, single: Single) -> str:
    return f"Measured out of fold on {looked.rows:,} train rows; with 95 % confidence the {looked.score} is above {single.low:.3f}."


def _lost(lost: Ablation | None, out: Sequence[str]) -> str:
    if lost is None:
        return ""
    without = "without" if len(out) == 1 else "without both" if len(out) == 2 else "without all of them"  # noqa: PLR2004
    scores = f"{lost.with_it:.3f} on test with {' and '.join(out)} and {lost.without:.3f} {without}"
    return f"Boosted trees have {METRIC[lost.metric]} {scores} (no skill: {lost.floor:.3f})."


def _advice(column: Column, severity: Severity) -> str:
    if column.purpose == "id":
        return (
            "Rows are numbered by the target: shuffle them before they are numbered, and never let a model see the id."
        )
    if severity == "info":
        return "Nothing, as it is declared known when a prediction is asked for."
    return (
        f"Find out when {column.name} is written down. If after the target, or from it, take it out; if its value is at hand "
        f"when a prediction is asked for, say so: --known {column.name}"
    )


def _numbers(single: Single, out: Sequence[str], lost: Ablation | None) -> dict[str, object]:
    found: dict[str, object] = {"score": round(single.score, 4), "low": round(single.low, 4), "how": single.how}
    return found | (lost._asdict() | {"left_out": list(out)} if lost else {})
