"""What the scores say to people: the effect of an overlap in one sentence, and whether a model beats what needs no skill."""

from collections.abc import Sequence

from daybreak.audit.intervals import Z, sd
from daybreak.audit.outcome import Finding, Outcome, answered
from daybreak.audit.scores import Interval, Metric, Rescore, Scored

BASELINE = "baseline"
TRIVIAL = ("majority class", "mean", "last value")
POINTS = ("accuracy", "balanced_accuracy", "auc")
LOW_IS_GOOD = ("mae", "rmse")
METRIC = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auc": "AUC",
    "r2": "R2",
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
}
WHO = {
    "the model": "of the model",
    "1-NN": "of a nearest neighbour (fitted here)",
    "boosted trees": "of boosted trees (fitted here)",
    "linear": "of a linear model (fitted here)",
    "majority class": "of always saying the most frequent class",
    "mean": "of always saying the mean",
    "last value": "of repeating the value before",
}


def says(lines: Sequence[Scored], overlapping: int, rows: int, rules: Sequence[str], *, searched: bool = True) -> str:
    """One sentence. `overlapping` of `rows` test rows overlap with train by `rules`; `searched`: an overlap was looked for at all."""
    line = _telling(lines)
    if not overlapping:
        told = "No test row was found to overlap with train." if searched else "No overlap was looked for."
        return f"{told} {_beside(lines, line)}"
    apart = "are not copies" if set(rules) == {"overlap.exact"} else "do not overlap with train"
    name = f"the {METRIC[line.metric]} {WHO[line.model]}"
    if line.clean is None:
        left = rows - overlapping
        if not left:
            return f"All {rows:,} test rows overlap with train ({', '.join(rules)}): there is no clean row that could be scored."
        return (
            f"Only {left:,} of {rows:,} test rows do not overlap with train ({', '.join(rules)}): too few for a score."
        )
    clean, whole = (_number(score, line.metric) for score in (line.clean, line.all))
    return f"On the {line.clean.rows:,} rows that {apart} {name} is {clean}, on all {whole}: {_owed(line)}."


def _telling(lines: Sequence[Scored]) -> Scored:
    """The user's model by its first metric; otherwise the best baseline, which a person would choose."""
    own = [line for line in lines if not line.fitted_here]
    first = lines[0].metric
    return (
        own[0]
        if own
        else max((line for line in lines if line.metric == first), key=lambda line: _good(line.all, first))
    )


def _good(score: Interval, metric: Metric) -> float:
    return -score.value if metric in LOW_IS_GOOD else score.value


def _number(score: Interval, metric: Metric) -> str:
    return f"{score.value:.3f}" if metric in {*POINTS, "r2"} else f"{score.value:.4g}"


def _owed(line: Scored) -> str:
    """What the overlap adds to the score, and whether that could be chance."""
    if line.clean is None or line.overlapping is None:
        return "too few rows overlap for a difference"
    gain = _good(line.all, line.metric) - _good(line.clean, line.metric)
    apart = _good(line.overlapping, line.metric) - _good(line.clean, line.metric)
    noise = (sd(line.clean) ** 2 + sd(line.overlapping) ** 2) ** 0.5
    if abs(apart) < Z * noise:
        return f"the difference ({_amount(abs(gain), line.metric)}) is within chance"
    if gain < 0:
        return f"the overlapping rows are the harder ones, without them it is {_amount(-gain, line.metric)} better"
    return f"{_amount(gain, line.metric)} {'is' if _amount(gain, line.metric).startswith('1 point') else 'are'} owed to the overlap"


def _amount(gain: float, metric: Metric) -> str:
    if metric not in POINTS:
        return f"{gain:.3g}"
    tenths = round(1000 * gain)
    if tenths in {0, 10}:
        return "1 point" if tenths else "less than 0.1 points"
    return f"{tenths / 10:.{0 if tenths >= 100 else 1}f} points"  # noqa: PLR2004 (whole points from ten on)


def _beside(lines: Sequence[Scored], line: Scored) -> str:
    """The telling score, and those that it has to beat."""
    others = [
        one for one in lines if one.metric == line.metric and one is not line and one.model in {*TRIVIAL, "linear"}
    ]
    told = [f"that {WHO[one.model]} {_number(one.all, one.metric)}" for one in others]
    name = f"The {METRIC[line.metric]} {WHO[line.model]} is {_number(line.all, line.metric)}"
    return f"{name}; {', '.join(told)}." if told else f"{name}."


def against_baselines(rescored: Rescore | None) -> Outcome:
    """Whether the user's model beats the trivial and the linear baseline on the clean rows, by one metric at least: rule `baseline`."""
    lines = rescored.scored if rescored else ()
    own = {line.metric: line for line in lines if not line.fitted_here}
    if not own:
        return Outcome(
            BASELINE, "not_applicable", why="needs the model's predictions for the test rows: --predictions FILE"
        )
    found = [
        finding
        for name in (*TRIVIAL, "linear")
        if (finding := _beaten(own, [line for line in lines if line.model == name]))
    ]
    return answered(BASELINE, found[:1])


def _beaten(own: dict[Metric, Scored], baseline: Sequence[Scored]) -> Finding | None:
    """A finding where the model is better by no metric that both have."""
    both = [(own[line.metric], line) for line in baseline if line.metric in own]
    if not both or any(
        _good(_clean(mine), mine.metric) > _good(_clean(theirs), theirs.metric) for mine, theirs in both
    ):
        return None
    mine, theirs = both[0]
    score, bar = _clean(mine), _clean(theirs)
    worse = _good(score, mine.metric) < _good(bar, mine.metric) - Z * (sd(score) ** 2 + sd(bar) ** 2) ** 0.5
    return Finding(
        BASELINE,
        "warning",
        f"The model does not beat the baseline: the {METRIC[mine.metric]} {WHO['the model']} is {_number(score, mine.metric)}, "
        f"that {WHO[theirs.model]} {_number(bar, mine.metric)}, on {score.rows:,} test rows.",
        "high" if worse else "moderate",
        because="The intervals of the two do not meet."
        if worse
        else f"95 % intervals: {score.low:.3f} to {score.high:.3f} against {bar.low:.3f} to {bar.high:.3f}.",
        matters="The score is no evidence that the model has learnt anything that a much simpler one does not know."
        if theirs.model == "linear"
        else "The score is no evidence that the model has learnt anything from the features.",
        advice="Keep the linear model, or find out what holds the other back (too little data, not tuned, a fault in its inputs)."
        if theirs.model == "linear"
        else "Look for a fault: labels and features that are not aligned, a model that was not trained, another scale of the target.",
        subject=theirs.model,
        measured={"model": score.value, theirs.model: bar.value, "metric": mine.metric},
    )


def _clean(line: Scored) -> Interval:
    return line.clean or line.all
