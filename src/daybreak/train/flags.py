"""A training script's command line, made from its hyperparameters' defaults."""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from daybreak.base.errors import UsageError

SIMILAR = 0.75  # a flag this close to a known name is taken for a slip of the pen
OPTIONS = {
    "seed": "seed of the random states (default 0)",
    "epochs": "train at most so many units",
    "checkpoint": "a folder: go on from what it holds, and save there every minute and at the end (default: save nothing)",
}


class Flags(NamedTuple):
    """What the command line says."""

    point: dict[str, Any]
    seed: int = 0
    epochs: int | None = None
    checkpoint: str | None = None
    help: bool = False


def read_flags(words: Sequence[str], defaults: Mapping[str, Any]) -> Flags:
    """Read `--name value` pairs over `defaults`. Raises `UsageError`."""
    point = dict(defaults)
    options: dict[str, Any] = {}
    for name, text in _pairs(words):
        if name in defaults:
            point[name] = _like(name, text, defaults[name])
        elif name in OPTIONS:
            options[name] = text if name == "checkpoint" else _whole(name, text)
        elif name == "help":
            options["help"] = True
        else:
            close = get_close_matches(name, [*defaults, *OPTIONS], n=1, cutoff=SIMILAR)
            if close:
                raise UsageError(f"there is no flag --{name}: did you mean --{close[0]}?")
            point[name] = read_value(text)
    return Flags(point, **options)


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested dicts as dotted names."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def read_value(text: str) -> Any:
    """A number, true, false, null or a JSON value where it reads as one, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return float(text)  # .5, 1e-3, inf
    except ValueError:
        return text


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--") or word == "--":
            raise UsageError(f"flags are --NAME VALUE, got {word!r}: try --help")
        name, equals, text = word[2:].partition("=")
        name = name.replace("-", "_")
        if not equals and name != "help":
            if not rest:
                raise UsageError(f"--{name} needs a value: --{name} VALUE")
            text = rest.pop(0)
        yield name, text


def _like(name: str, text: str, default: Any) -> Any:
    if isinstance(default, str):
        return text
    value = read_value(text)
    numbers = (int, float)
    if isinstance(default, numbers) and not isinstance(value, numbers):
        raise UsageError(f"--{name} takes a value like {default!r}, got {text!r}")
    return value


def _whole(name: str, text: str) -> int:
    if not text.isdigit():
        raise UsageError(f"--{name} takes a whole number, got {text!r}")
    return int(text)


def help_text(about: str | None, defaults: Mapping[str, Any]) -> str:
    """What `--help` prints; `about` is the module's docstring."""
    about = (about or "").strip().partition("\n")[0]
    lines = [about, "", "hyperparameters:"] if about else ["hyperparameters:"]
    lines += [f"  --{name} {json.dumps(value, default=str)}" for name, value in defaults.items()]
    lines += ["options:", *(f"  --{name}: {what}" for name, what in OPTIONS.items())]
    return "\n".join(lines)
