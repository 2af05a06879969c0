"""What names say: `X_test` is a test set, `order_date` a time, `seed` a seed."""

import re
from functools import lru_cache

from daybreak.audit.code.values import Role

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_JOINED = re.compile(
    r"^(?:[xy]|df|data|set)?(train|test|validate|valid|val|dev|holdout)(?:x|y|df|data|set|ing|loader|ds|dl)?$"
)
_TRAIN = frozenset({"train", "trn", "tr", "training"})
_TEST = frozenset({"test", "tst", "te", "testing", "holdout", "heldout", "hold", "unseen", "oos", "oot"})
_VALIDATION = frozenset(
    {
        "val",
        "valid",
        "validation",
        "validate",
        "validating",
        "dev",
        "eval",
        "vali",
        "cv",
        "tune",
        "tuning",
        "calib",
        "calibration",
    }
)
_REST = frozenset({"temp", "tmp", "rest", "remaining", "remainder", "other", "aux", "holdouts"})
_TIMES = frozenset(
    {
        "date",
        "datetime",
        "time",
        "timestamp",
        "year",
        "month",
        "day",
        "week",
        "hour",
        "dt",
        "ts",
        "period",
        "quarter",
        "datum",
    }
)
_SEEDS = frozenset({"random_state", "seed", "random_seed", "rng_seed", "seed_value"})
_TARGETS = frozenset({"y", "target", "targets", "label", "labels", "ys"})


@lru_cache(4096)
def words(name: str) -> tuple[str, ...]:
    """`xTest_scaled2` -> ("x", "test", "scaled", "2"), lower case."""
    return tuple(word.lower() for word in _WORDS.findall(name))


@lru_cache(4096)
def role(name: str) -> Role | None:
    """Which side of a split a name speaks of; None where it says nothing or more than one thing."""
    found: set[Role] = set()
    parts = words(name)
    for part in parts:
        match = _JOINED.match(part)
        word = match.group(1) if match else part
        if word in _TRAIN:
            found.add("train")
        elif word in _TEST:
            found.add("test")
        elif word in _VALIDATION:
            found.add("validation")
        elif word in _REST:
            found.add("rest")
    if not found and parts[-1:] == ("v",) and parts[0] in {"x", "y", "df"}:
        return "validation"
    if found == {"train", "validation"} and "cv" not in parts:  # X_train_val: everything but the test set
        return "train"
    if found in ({"rest", "test"}, {"rest", "validation"}):
        return "rest"
    return found.pop() if len(found) == 1 else None


_PLAIN = frozenset(
    {
        "x",
        "y",
        "data",
        "df",
        "set",
        "images",
        "labels",
        "features",
        "target",
        "targets",
        "inputs",
        "split",
        "idx",
        "ids",
    }
)
_FILES = frozenset(
    {"path", "paths", "dir", "file", "files", "folder", "url", "root", "filename", "directory", "fname", "filepath"}
)


def side(name: str) -> Role | None:
    """The side that a key speaks of: "train", "x_test"; not "test_score"."""
    rest = [word for word in words(name) if not role(word)]
    return role(name) if len(words(name)) < 4 and set(rest) <= _PLAIN else None


def is_part(name: str) -> bool:
    """Whether a name can only be that of one side's data: `test_set`, `X_train`, `val_loader`; not `train` or `test_model`."""
    rest = [word for word in words(name) if not role(word)]
    return (
        bool(rest) and role(name) is not None and set(rest) <= _PLAIN | {"loader", "dataset", "ds", "dl", "dataloader"}
    )


def is_file(name: str) -> bool:
    """Whether a name speaks of a place on disk, not of what is in it."""
    return bool(_FILES & set(words(name)))


def is_time(name: str) -> bool:
    """Whether a column or argument of this name holds times."""
    return any(word in _TIMES for word in words(name))


def is_seed(name: str) -> bool:
    """Whether a parameter of this name seeds chance."""
    return name.lower() in _SEEDS


def is_target(name: str) -> bool:
    """Whether a name speaks of what is to be predicted."""
    parts = words(name)
    return bool(parts) and (parts[0] in _TARGETS or parts[-1] in _TARGETS)
