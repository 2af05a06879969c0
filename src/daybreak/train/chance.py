"""One root seed, named streams: whatever a trial draws is named, and a function of (the trial's seed, the names).

    order = run.stream("order", epoch)                  a daybreak Stream: uniform, below, choice, normal
    key = jax.random.key(run.seed_for("init"))          a seed for somebody else's generator
    noise = run.generator("numpy", "noise")             a generator whose state is in each checkpoint

A stream draws the same wherever the trial is interrupted, since nothing has to be carried. A generator is carried, under its kind and
names. No name stands for the rank: in a gang whoever should draw something else adds it, `run.seed_for("noise", run.rank)`.
"""

from typing import Any, Literal

from daybreak.base.errors import UsageError
from daybreak.base.streams import Stream, derive_seed
from daybreak.train.states import generator_state, restore_generator, settle

Kind = Literal["torch", "numpy"]
Name = str | int

NAMED = "named"  # the first name of all: a user's "numpy" is not what NumPy's global generator is seeded with


def stream(seed: int, names: tuple[Name, ...]) -> Stream:
    """The stream with these names. Raises `UsageError` without names."""
    return Stream(seed, NAMED, *_checked(names))


def seed_for(seed: int, names: tuple[Name, ...], bits: int = 32) -> int:
    """A seed for somebody else's generator, in [0, 2**bits). Raises `UsageError` without names."""
    return derive_seed(seed, NAMED, *_checked(names), bits=bits)


class Generators:
    """The generators that were asked for by name, and the states of those that nobody has asked for yet."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made: dict[str, Any] = {}
        self._waiting: dict[str, Any] = {}

    def get(self, kind: Kind, names: tuple[Name, ...], device: str = "cpu") -> Any:
        """The one with these names, the same object each time. Raises `UsageError`."""
        _checked(names)
        label = f"{kind} {', '.join(map(repr, names))}"
        if label not in self._made:
            self._made[label] = _made(kind, seed_for(self._seed, names, 64), device)
            if label in self._waiting:
                restore_generator(self._made[label], settle(self._waiting.pop(label)))
        return self._made[label]

    def state(self) -> dict[str, Any]:
        """Of all, by name; what waits is carried on."""
        states = self._waiting | {label: generator_state(made) for label, made in self._made.items()}
        return dict(sorted(states.items()))

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken: those that exist at once, others once they are asked for."""
        self._waiting = dict(state)
        for label in self._made.keys() & state.keys():
            restore_generator(self._made[label], settle(self._waiting.pop(label)))


def _made(kind: str, seed: int, device: str) -> Any:
    if kind == "torch":
        import torch

        return torch.Generator(device).manual_seed(seed)
    if kind == "numpy":
        import numpy as np

        return np.random.Generator(np.random.PCG64(seed))
    raise UsageError(
        f'run.generator makes "torch" or "numpy" generators, got {kind!r}: seed others with run.seed_for(NAMES) and run.keep them'
    )


def _checked(names: tuple[Name, ...]) -> tuple[Name, ...]:
    if not names or not all(type(name) in {str, int} for name in names):
        raise UsageError(
            f'chance is named by text and whole numbers (str, int), at least one, such as run.stream("augment", epoch); got {names!r}'
        )
    return names
