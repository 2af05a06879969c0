"""Hyperparameters as user code sees them: by attribute, by item, nested by dots, read-only."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from daybreak.base.errors import UsageError


class UnknownParameter(UsageError, AttributeError, KeyError):
    """User code asked for a hyperparameter that this trial does not have."""

    def __str__(self) -> str:
        return str(self.args[0])


class Params(Mapping[str, Any]):
    """The point of one trial. `params.lr`, `params["lr"]`; `params.augment.noise`, `params["augment.noise"]`.

    Names whose `when` does not hold are absent: `params.get("momentum", 0.0)`. Iterating gives the flat, dotted names.
    Anything unknown raises `UnknownParameter` (an AttributeError and a KeyError), so that `hasattr` and `in` work.
    """

    __slots__ = ("_flat", "_hint", "_prefix")

    def __init__(self, flat: Mapping[str, Any], prefix: str = "", hint: str = "") -> None:
        object.__setattr__(self, "_flat", dict(flat))
        object.__setattr__(self, "_prefix", prefix)
        object.__setattr__(self, "_hint", hint)

    def __getitem__(self, name: str) -> Any:
        if name in self._flat:
            return self._flat[name]
        group = {key[len(name) + 1 :]: value for key, value in self._flat.items() if key.startswith(f"{name}.")}
        if group:
            return Params(group, f"{self._prefix}{name}.", self._hint)
        raise UnknownParameter(self._story(name))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy, pickle and the like ask for what no hyperparameter is called
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        raise UsageError(
            f"hyperparameters are read-only, tried to set {self._prefix}{name} = {value!r}: copy it to a variable"
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._flat)

    def __len__(self) -> int:
        return len(self._flat)

    def __repr__(self) -> str:
        return f"Params({', '.join(f'{name}={value!r}' for name, value in self._flat.items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Params, (self._flat, self._prefix, self._hint)

    def _story(self, name: str) -> str:
        known = ", ".join(self._flat) or "none at all"
        close = get_close_matches(name, list(self._flat), n=1)
        guess = f" (did you mean {close[0]!r}?)" if close else ""
        advice = (
            self._hint
            or 'declare it in `space`; where a `when` may leave it out, use `run.params.get("{name}", DEFAULT)`'
        )
        full = f"{self._prefix}{name}"
        return f"this trial has no hyperparameter {full!r}{guess}: it has {known}; {advice.replace('{name}', full)}"
