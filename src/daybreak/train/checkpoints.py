"""A trial's checkpoints: what is in one, writing it to the vault, reading it back verified."""

import sys
import time
from collections.abc import Callable
from typing import Any

from daybreak.base.errors import UsageError, VaultError
from daybreak.train import codec, gang
from daybreak.train.behind import Behind, Written, put
from daybreak.train.hyperparameters import Hyperparameters
from daybreak.train.kept import Load, Save, holder
from daybreak.train.randomness import OTHERS, Randomness, State
from daybreak.train.reading import decode
from daybreak.vault.store import Vault
from daybreak.wire.worker import CheckpointRef


class Checkpoints:
    """Takes the state of what is kept out and puts it back.

    A checkpoint is `{"units", "random", "last", "kept": {name: state}}` in the encoding of `train.codec`, with `"hyperparameters"` where
    what is kept has any (`train.hyperparameters`). In a gang, rank 0 writes it.
    """

    def __init__(self, vault: Vault, randomness: Randomness, hyperparameters: Hyperparameters) -> None:
        self.last: dict[str, float] = {}  # reported values, as the checkpoint had them
        self._vault = vault
        self.behind = Behind(vault)
        self._randomness = randomness
        self.generators = randomness.generators
        self.hyperparameters = hyperparameters
        self._others: tuple[int, list[State]] = 0, []  # at so many units: random states of ranks 1, 2, ...
        self._kept: dict[str, tuple[Save, Load]] = {}
        self._loaded: dict[str, Any] = {}  # states nobody has asked for yet
        self._random: dict[str, Any] | None = None

    @property
    def empty(self) -> bool:
        """True while nothing is kept: there is nothing to go on from."""
        return not self._kept

    @property
    def pending(self) -> bool:
        """Whether a loaded checkpoint holds what nobody has kept yet."""
        return bool(self._loaded)

    def load(self, ref: CheckpointRef) -> None:
        """Read a checkpoint. Raises `VaultError`, `DamagedFile` when it cannot be used."""
        tree = decode(self._vault.read(ref.digest))
        if tree["units"] != ref.units:
            raise VaultError(f"the checkpoint must stand at unit {ref.units}, it stands at {tree['units']}")
        self._loaded, self._random, self.last = tree["kept"], tree["random"], tree["last"]
        self.hyperparameters.load(tree.get("hyperparameters"))
        self._from = ref.units

    def keep(self, name: str, value: Any) -> None:
        """Save `value` with every checkpoint from now on; restored at once where a checkpoint was loaded."""
        if name in self._kept:
            raise UsageError(
                f"a name is kept once, run.keep({name}=...) was called twice: use another name for the second"
            )
        self._kept[name] = save, load = holder(name, value)
        del save
        self.hyperparameters.note(name, value)
        if self._random is None:
            return
        if name not in self._loaded:
            raise UsageError(self._mismatch())
        load(self._loaded.pop(name))
        self.hyperparameters.bring(name, value)

    def settle(self) -> None:
        """The training loop begins: global random states go on where the checkpoint was taken."""
        self._randomness.seed_late()
        self.hyperparameters.settle()
        if self._loaded:
            raise UsageError(self._mismatch())
        if self._random is not None:
            self._randomness.restore(self._random, self._from)
            self._random = None

    def gather(self, units: int, rank: int) -> None:
        """Take in the random states of a gang's other members: a checkpoint of this unit holds them. Every member must call it.

        Where all draw alike (or there is no process group) rank 0's are enough.
        """
        states = gang.gather(b"".join(map(bytes, codec.encode(self._randomness.state()).chunks())), rank)
        differ = len(set(states)) > 1
        self._others = units, [decode(bytearray(state)) for state in states[1:]] if rank == 0 and differ else []

    def write(self, units: int, last: dict[str, float]) -> Written:
        """Save everything, durably. Raises `VaultError`, and `UsageError` for states that cannot be stored."""
        began = time.perf_counter()
        ref = put(self._vault, self._encoded(units, last), units)
        return Written(ref, time.perf_counter() - began)

    def write_behind(self, units: int, last: dict[str, float], told: Callable[[Written], None]) -> None:
        """Save everything as it is now, written while training goes on; `told` is called on another thread when it is in the vault.

        Not while `behind.busy`. Raises `UsageError` for states that cannot be stored.
        """
        began = time.perf_counter()
        self.behind.begin(self._encoded(units, last), units, began, told)

    def _encoded(self, units: int, last: dict[str, float]) -> codec.Encoded:
        kept = {name: save() for name, (save, _) in self._kept.items()}
        random = self._randomness.state()
        gathered, others = self._others
        if others and gathered == units:
            random[OTHERS] = others
        tree = {"units": units, "random": random, "last": last, "kept": kept}
        if built := self.hyperparameters.state():
            tree["hyperparameters"] = built
        return codec.encode(tree)

    def _mismatch(self) -> str:
        missing = ", ".join(self._loaded) or "nothing else"
        return (
            f"run.keep must get the same names as when the checkpoint at unit {self._from} was written; it also holds {missing}, "
            f"this code keeps {', '.join(self._kept) or 'nothing'}: keep the same names before the loop begins"
        )


def say(text: str) -> None:
    """A line for people, in the attempt's output."""
    print(f"daybreak: {text}", file=sys.stderr, flush=True)  # noqa: T201
