"""Groups: do train and test share a patient, a speaker, a scene? Then the model is asked about what it knows already.

Declared groups on both sides are an error. Guessed ones are a warning, if samples of one group are more alike than chance allows and
test has samples of groups that train has. Where nothing looks like a group, rows held out at random against blocks of neighbouring rows
tell whether neighbours in the file belong together.
"""

from typing import Any

import numpy as np

from daybreak.audit.about import NAME
from daybreak.audit.encoding import Codes
from daybreak.audit.frame import Frame, Part
from daybreak.audit.group_alike import PERMUTATIONS, Alike, alike
from daybreak.audit.group_effect import Drop, of_groups
from daybreak.audit.group_guessing import Candidate, candidate, guessed
from daybreak.audit.group_neighbours import neighbours
from daybreak.audit.outcome import MOST_PLACES, Finding, NotApplicable, Outcome, Pair, Row, Severity, answered
from daybreak.audit.problem import problem_of
from daybreak.audit.sketch import need_rows, sketch, spoken, standardised, thinned

RULE = "groups"
MOST_GUESSES = 6
MOST_ROWS = 10_000  # a side, for the permutation test
LEAST_SHARE = 0.01  # of test rows in groups of train, for a guess
PAIRS = 3
LONGEST = 40  # letters of a value in a sentence
EVEN = 1e-4  # chance of a random split that deals groups out as evenly, below which it was made within groups


def groups(frame: Frame) -> Outcome:
    """Whether groups stand on both sides: declared ones, guessed ones, or neighbours in the file.

    Raises `NotApplicable` where nothing is declared, nothing looks like a group, and there is no target to compare scores of.
    """
    need_rows(frame)
    declared = [candidate(frame, column) for column in frame.about.having("group")]
    classes = _classes(frame)
    candidates = guessed(frame, classes)[:MOST_GUESSES] if frame.about.task != "forecast" else []
    measured: dict[str, Any] = {"declared": {}, "guessed": {}}
    findings = [finding for one in declared if (finding := _declared(frame, one, classes, measured)) is not None]
    beside: Severity = "info" if declared and not findings else "warning"  # what was declared is kept apart
    findings += [
        finding for one in candidates if (finding := _guess(frame, one, classes, measured, beside)) is not None
    ]
    if not declared and not candidates:
        findings += _neighbours(frame, measured)
    return answered(RULE, findings, measured=measured)


def _classes(frame: Frame) -> tuple[Codes, Codes] | None:
    """The class of each row of the frame, -1 where it is missing; None where no class is predicted."""
    try:
        problem = problem_of(frame)
    except NotApplicable:
        return None
    if problem.numeric:
        return None
    train, test = np.full(len(frame.train.positions), -1), np.full(len(frame.test.positions), -1)
    train[problem.rows], test[problem.rows_test] = problem.y, problem.y_test
    return train, test


def _shared(one: Candidate) -> tuple[Codes, float]:
    """Test rows whose group train has, and their share of test rows that have a group."""
    rows = np.flatnonzero(np.isin(one.test, one.shared) & (one.test >= 0))
    return rows, len(rows) / max(int((one.test >= 0).sum()), 1)


def _evenness(one: Candidate, classes: tuple[Codes, Codes] | None) -> float:
    """The chance that a random split deals the groups (of each class) out as evenly as this one does."""
    from scipy.stats import chi2

    cells = (
        one.both if classes is None else one.both * (int(np.concatenate(classes).max()) + 2) + np.concatenate(classes)
    )
    there = one.both >= 0
    _, inverse, counts = np.unique(cells[there], return_inverse=True, return_counts=True)
    in_test = np.bincount(inverse[len(one.train[one.train >= 0]) :], minlength=len(counts))
    share = in_test.sum() / counts.sum()
    expected = counts * share
    if len(counts) < 2 or expected.min() < 1 or not 0 < share < 1:  # noqa: PLR2004
        return 1.0
    deviation = float(((in_test - expected) ** 2 / (expected * (1 - share))).sum())
    return float(chi2.cdf(deviation, len(counts) - 1))


def _facts(frame: Frame, one: Candidate, classes: tuple[Codes, Codes] | None) -> dict[str, Any]:
    rows, share = _shared(one)
    drop = of_groups(frame, one.train) if len(rows) else None
    return {
        "groups": len(one.values),
        "groups_on_both_sides": len(one.shared),
        "test_rows_of_train_groups": len(rows),
        "share": round(share, 4),
        "made_within_groups": bool(len(rows)) and _evenness(one, classes) < EVEN,
        "all_rows_seen": frame.train.complete and frame.test.complete,
        **_dropped(drop),
    }


def _dropped(drop: Drop | None) -> dict[str, Any]:
    if drop is None:
        return {}
    return {
        "score": drop.name,
        "score_rows_held_out": round(drop.at_random, 4),
        "score_groups_held_out": round(drop.apart, 4),
        "drop_in_standard_errors": round(drop.z, 1),
    }


def _declared(
    frame: Frame, one: Candidate, classes: tuple[Codes, Codes] | None, measured: dict[str, Any]
) -> Finding | None:
    facts = measured["declared"][one.name] = _facts(frame, one, classes)
    if not facts["test_rows_of_train_groups"]:
        return None
    severity: Severity = "info" if frame.about.task == "forecast" else "error"
    return _finding(frame, one, facts, severity, "certain", "The group was declared, and its values were compared.")


def _guess(
    frame: Frame, one: Candidate, classes: tuple[Codes, Codes] | None, measured: dict[str, Any], severity: Severity
) -> Finding | None:
    if not len(one.shared) or _shared(one)[1] < LEAST_SHARE:
        measured["guessed"][one.name] = {"groups": len(one.values), "groups_on_both_sides": len(one.shared)}
        return None
    by_features, by_label = _likeness(frame, one, classes)
    facts = {
        "alike_by_features": _told(by_features),
        **({"alike_by_label": _told(by_label)} if by_label is not None else {}),
    }
    if not by_features.significant and not (by_label is not None and by_label.significant):
        measured["guessed"][one.name] = {"groups": len(one.values), "groups_on_both_sides": len(one.shared), **facts}
        return None
    facts = measured["guessed"][one.name] = {**_facts(frame, one, classes), **facts}
    what, found = ("features", by_features) if by_features.significant else ("labels", by_label or by_features)
    because = (
        f"Nobody declared it: it looks like a group. The {what} of one {spoken(one.name)} are more alike than chance allows: "
        f"{100 * found.explained:.0f} % of their variance is between groups beyond chance, {found.z:.0f} standard deviations "
        f"above {PERMUTATIONS} random groupings (p = {found.p:.3f})."
    )
    return _finding(frame, one, facts, severity, "high" if found.explained > 0.1 else "moderate", because)  # noqa: PLR2004


def _told(found: Alike) -> dict[str, float]:
    return {"explained": round(found.explained, 4), "z": round(found.z, 1), "p": round(found.p, 4)}


def _likeness(frame: Frame, one: Candidate, classes: tuple[Codes, Codes] | None) -> tuple[Alike, Alike | None]:
    """Whether samples of a group are alike in their features (within a class), and in their class."""
    where = {
        side: dict(zip(part.positions.tolist(), range(len(part.positions)), strict=True))
        for side, part in _sides(frame)
    }
    thin = thinned(frame, MOST_ROWS, "alike")
    train, test = (np.array([where[side][p] for p in part.positions.tolist()], np.int64) for side, part in _sides(thin))
    columns = [column for column in frame.about.having("feature", "content") if column.name != one.name]
    encoded = sketch(thin, columns)
    codes = np.concatenate([one.train[train], one.test[test]])
    X = standardised(np.vstack([encoded.train, encoded.test]), encoded.categorical)
    if classes is None:
        return alike(X, codes, None, frame.seed), None
    strata = np.concatenate([classes[0][train], classes[1][test]])
    one_hot = (strata[:, None] == np.unique(strata[strata >= 0])[None, :]).astype(np.float32)
    return alike(X, codes, strata, frame.seed), alike(one_hot, codes, None, frame.seed)


def _sides(frame: Frame) -> tuple[tuple[str, Part], tuple[str, Part]]:
    return ("train", frame.train), ("test", frame.test)


def _finding(
    frame: Frame, one: Candidate, facts: dict[str, Any], severity: Severity, sure: Any, because: str
) -> Finding:
    rows, share = _shared(one)
    named = [_short(one.values[code]) for code in one.shared[:4]]
    more = ", ..." if len(one.shared) > len(named) else ""
    what = (
        f"{100 * share:.1f} % of test rows ({len(rows)}) share their {spoken(one.name)} with train rows: "
        f"{len(one.shared)} of {len(one.values)} values stand on both sides ({', '.join(named)}{more})."
    )
    if facts["made_within_groups"]:
        what += " They are dealt out more evenly than chance would: the split was made within groups on purpose."
    return Finding(
        RULE,
        severity,
        what,
        sure,
        because=because,
        matters=_matters(frame, one, facts),
        advice=_advice(frame, one, facts, severity),
        subject=one.name,
        columns=(one.name,),
        rows={"test": tuple(int(p) for p in frame.test.positions[rows][:MOST_PLACES])},
        pairs=_pairs(frame, one, rows),
        measured=facts,
    )


def _matters(frame: Frame, one: Candidate, facts: dict[str, Any]) -> str:
    if frame.about.task == "forecast":
        return (
            "The model is asked about the future of what it has seen: "
            "right if it will forecast these, too high if it will forecast others."
        )
    says = f"The model is tested on values of {spoken(one.name)} that it has met: the score says little of those it has not."
    if "score_rows_held_out" not in facts:
        return says
    rows, apart = facts["score_rows_held_out"], facts["score_groups_held_out"]
    return f"{says} On train a quick forest has {facts['score']} {rows:.3f} when rows are held out, {apart:.3f} when whole groups are."


def _advice(frame: Frame, one: Candidate, facts: dict[str, Any], severity: Severity) -> str:
    if frame.about.task == "forecast":
        return "If the model will forecast others than these, hold whole ones out as well."
    if severity == "info":
        return f"The group that was declared is kept apart. If these belong together as well: --group {one.name}."
    split = f"Split by {spoken(one.name)}: each whole on one side (in scikit-learn GroupShuffleSplit or GroupKFold)."
    if facts["made_within_groups"]:
        return f"If the model will only meet these, say so beside the score. Otherwise: {split[0].lower()}{split[1:]}"
    guess = "" if severity == "error" else f" Declare it with --group {one.name}, or leave it be if it is no group."
    return (
        split
        + guess
        + (
            ""
            if frame.about.target is not None or severity == "error"
            else f" If it is what is to be predicted: --target {one.name}."
        )
    )


def _pairs(frame: Frame, one: Candidate, rows: Codes) -> tuple[Pair, ...]:
    """A few test rows, each with a train row of its group."""
    found = []
    for row in rows[:: max(1, len(rows) // PAIRS)][:PAIRS]:
        partner = int(np.flatnonzero(one.train == one.test[row])[0])
        left, right = _row(frame.train, "train", partner), _row(frame.test, "test", int(row))
        found.append(Pair(left, right, note=f"both {_short(one.values[one.test[row]])}"))
    return tuple(found)


def _short(value: str) -> str:
    return value if len(value) <= LONGEST else f"{value[: LONGEST - 3]}..."


def _row(part: Part, side: str, at: int) -> Row:
    name = str(part.rows[NAME][at].as_py()) if NAME in part.rows.column_names else ""
    return Row(side, int(part.positions[at]), name)


def _neighbours(frame: Frame, measured: dict[str, Any]) -> list[Finding]:
    """Without an id: whether rows that are near in the file belong together, and test lies among them."""
    found = None if frame.about.ordered or frame.about.task == "forecast" else neighbours(frame)
    if found is None:
        raise NotApplicable(
            "no group is declared, no column looks like one, and there is no target, too little data or an order that "
            "explains itself, so that blocks of rows cannot be compared either: name the column with --group"
        )
    facts = {"alike": _told(found.alike), **_dropped(found.drop), "score_on_test": round(found.on_test, 4)}
    measured["neighbours"] = facts
    if not found.related:
        return []
    drop = found.drop
    return [
        Finding(
            RULE,
            "warning",
            f"Rows that are near in the file belong together: a quick forest has {drop.name} {drop.at_random:.3f} on train rows held out "
            f"at random, {drop.apart:.3f} on whole blocks of neighbouring rows, and {found.on_test:.3f} on test.",
            "moderate",
            because=(
                f"{100 * found.alike.explained:.0f} % of the features' variance is between runs of five rows beyond chance "
                f"(p = {found.alike.p:.3f} by permutation). Random rows are easier by {drop.z:.1f} standard errors, "
                "and test is as easy as random rows: it was drawn among them."
            ),
            matters="Neighbours may be one patient, one scene, one session. Test then asks about what the model has met.",
            advice="Find out what neighbouring rows have in common, name it with --group, and split by it.",
            subject="neighbours in the file",
            measured=facts,
        )
    ]
