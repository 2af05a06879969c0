"""Tables as nobody wishes for: audits of leaks and scores answer, or say what they would need, and never break."""

import json

import numpy as np
import pytest
from audit_frames import frame_of

from daybreak.audit.fingerprints import fingerprints
from daybreak.audit.labels import errors
from daybreak.audit.leak import single_features
from daybreak.audit.outcome import Hits, NotApplicable
from daybreak.audit.oversampling import segments
from daybreak.audit.rescore import rescore
from daybreak.validation import summing

DAY = np.datetime64("2020-01-01")
KINDS = {
    "constant": lambda r, n: np.full(n, 3.0),
    "nothing": lambda r, n: np.full(n, np.nan),
    "one value": lambda r, n: np.where(np.arange(n) == 0, 1.0, np.nan),
    "number": lambda r, n: r.normal(size=n),
    "huge": lambda r, n: r.normal(size=n) * 1e300,
    "tiny": lambda r, n: r.normal(size=n) * 1e-300,
    "infinite": lambda r, n: np.where(r.random(n) < 0.2, np.inf, r.normal(size=n)),
    "whole": lambda r, n: r.integers(0, 5, n),
    "64 bits": lambda r, n: r.integers(-(2**62), 2**62, n),
    "truth": lambda r, n: r.random(n) < 0.5,
    "word": lambda r, n: r.choice(["a", "b", "", "c "], n),
    "name": lambda r, n: np.array([f"u{r.integers(10**9)}" for _ in range(n)]),
    "day": lambda r, n: DAY + r.integers(0, 1000, n).astype("timedelta64[D]"),
    "text": lambda r, n: np.array([" ".join(r.choice(["ab", "cd", "ef"], r.integers(0, 5))) for _ in range(n)], object),
    "picture": lambda r, n: r.integers(0, 255, (n, 4, 4, 1)).astype(np.uint8),
    "vector": lambda r, n: r.normal(size=(n, 7)),
}
TARGETS = ("whole", "word", "number", "truth", "constant", "nothing", "name", "huge", "64 bits", "infinite")


def odd(seed):
    """A frame of up to five columns of any kind, with few or no rows on a side, a target of any kind, and some overlap."""
    rng = np.random.default_rng(seed)
    rows = rng.choice([1, 2, 3, 19, 25, 60]), rng.choice([0, 1, 2, 10, 30])
    kinds = rng.choice(list(KINDS), rng.integers(1, 6))
    of_target = str(rng.choice(TARGETS))
    task = (
        "classification"
        if of_target in {"word", "name"}
        else str(rng.choice(["classification", "regression", "forecast"]))
    )
    sides = [{f"c{i}": KINDS[k](rng, n) for i, k in enumerate(kinds)} | {"y": KINDS[of_target](rng, n)} for n in rows]
    types = {f"c{i}": "text" for i, kind in enumerate(kinds) if kind == "text"}
    frame = frame_of(*sides, target="y", task=task, types=types, ordered=task == "forecast")
    both = np.arange(min(rows)) if rng.random() < 0.6 else np.empty(0, np.int64)
    return frame, {"overlap.exact": Hits(both, both, np.ones(len(both), np.float32))}


@pytest.mark.filterwarnings("ignore")  # what is odd about the data the audits say themselves
@pytest.mark.parametrize("seed", range(40))
def test_odd_tables_are_answered(seed):
    frame, hits = odd(seed)
    for ask in (single_features, fingerprints, segments, errors):
        if (outcome := answered(ask, frame)) is not None:
            assert faults(outcome, frame) == []
    found = answered(rescore, frame, hits)
    for line in found.scored if found else ():
        assert unlikely(line, frame) == []


def answered(ask, *given):
    """What an audit says; None where it says that it needs something."""
    try:
        return ask(*given)
    except NotApplicable as error:
        told = str(error)
    assert "needs " in told or "has fewer than two values" in told
    return None


def faults(outcome, frame):
    """What is wrong about an answer, whatever the data: findings without words, of rows or columns that are not there, no JSON."""
    names = {column.name for column in frame.about.columns}
    rows = {side: set(part.positions.tolist()) for side, part in (("train", frame.train), ("test", frame.test))}
    found = ["status"] if (outcome.status == "findings") != bool(outcome.findings) else []
    for one in outcome.findings:
        found += [name for name in ("what", "because", "advice") if not getattr(one, name)]
        found += [f"column {name}" for name in one.columns if name not in names]
        found += [f"{side} rows" for side, there in one.rows.items() if not set(there) <= rows[side]]
        found += [] if one.rule == outcome.rule and " nan" not in one.what else [one.what]
    json.dumps(summing.plain(outcome.measured))
    return found


def unlikely(line, frame):
    """Scores outside of their intervals, or of more rows than there are."""
    scores = [one for one in (line.all, line.overlapping, line.clean) if one is not None]
    return [one for one in scores if not (one.low <= one.value <= one.high and one.rows <= len(frame.test.positions))]
