"""The same training function without the platform: `python train.py --lr 0.01`.

    if __name__ == "__main__":
        daybreak.run(main, lr=0.01, width=32)

Hyperparameters are the given defaults, overridden by flags. Each unit's metrics are printed as one line.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from daybreak.base.errors import UsageError
from daybreak.base.ids import AttemptKey
from daybreak.train import sealed, user_code
from daybreak.train.checkpoints import Checkpoints, say
from daybreak.train.flags import Flags, flat, help_text, read_flags
from daybreak.train.hyperparameters import Hyperparameters
from daybreak.train.link import Standing
from daybreak.train.params import Params
from daybreak.train.randomness import Randomness
from daybreak.train.reports import Series
from daybreak.train.run import Run
from daybreak.vault.store import Vault
from daybreak.wire.worker import Assignment, CheckpointRef, Opened, Verdict


def run(main: Callable[[Run], Any], /, **defaults: Any) -> Any:
    """Call `main(run)` here and now; what it returns. `defaults` are hyperparameters; nested dicts become dotted names.

    Flags: `--NAME VALUE` or `--NAME=VALUE` for every hyperparameter, also for those without a default; `--seed`, `--epochs`,
    `--checkpoint FOLDER`, `--help`. A fault in how it is used (a wrong flag, an unknown
    hyperparameter) ends the program with one line and exit code 2.
    """
    known = dict(flat(defaults))
    try:
        user_code.check_signature(main, "main")
        flags = read_flags(sys.argv[1:], known)
        if not flags.help:
            return _train(main, flags)
    except UsageError as error:
        say(str(error))
        raise SystemExit(error.exit_code) from None
    print(help_text(_module_of(main).__doc__, known))  # noqa: T201
    return None


def _train(main: Callable[[Run], Any], flags: Flags) -> Any:
    code = user_code.UserCode(main, _module_of(main))
    user_code.prepare(code)
    with tempfile.TemporaryDirectory(prefix="daybreak-") as scratch:
        folder = Path(flags.checkpoint) if flags.checkpoint else None
        assignment = _assignment(flags, scratch)
        randomness = Randomness(flags.seed, assignment.rank)
        checkpoints = Checkpoints(Vault(folder or scratch), randomness, Hyperparameters(flags.point, say))
        console = Console(folder)
        ref = console.latest()
        if ref is not None:
            checkpoints.load(ref)
        assignment = msgspec.structs.replace(assignment, units=ref.units if ref else 0)
        alone = Run(assignment, console, checkpoints, code.prepared)
        alone.params = Params(
            flags.point, hint="give it as `--{name} VALUE`, or as a default: daybreak.run(main, {name}=VALUE)"
        )
        result = main(alone)
        alone.close()
        if folder is not None:
            alone.save()
    return result


def _module_of(main: Callable[[Run], Any]) -> ModuleType:
    return sys.modules[getattr(main, "__module__", None) or "__main__"]


def _assignment(flags: Flags, scratch: str) -> Assignment:
    return Assignment(
        attempt=AttemptKey(0, 0, 1),
        run="",
        folder=str(Path.cwd()),
        point=flags.point,
        seed=flags.seed,
        units=0,
        target=None,
        horizon=flags.epochs,
        objectives={},
        vault="",
        scratch=scratch,
        checkpoint_every=60.0 if flags.checkpoint else 0.0,
        rank=int(os.environ.get("RANK", "0")),  # under torchrun, whose workers train one trial together
        world_size=int(os.environ.get("WORLD_SIZE", "1")),
    )


class Console:
    """Prints what a run reports and never asks anything of it. `folder`: where its last checkpoint is noted, None for nowhere."""

    flush_every = 0.0

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def latest(self) -> CheckpointRef | None:
        """The checkpoint to go on from."""
        note = self._note()
        if note is None or not note.exists():
            return None
        return msgspec.json.decode(note.read_bytes(), type=CheckpointRef)

    def points(self, series: Series) -> None:
        """One line per step."""
        for step in sorted({step for steps, _ in series.values() for step in steps}):
            values = [
                f"{name}={_short(values[steps.index(step)])}"
                for name, (steps, values) in series.items()
                if step in steps
            ]
            print(f"{step:>5}  {'  '.join(values)}", flush=True)  # noqa: T201

    def can_take_points(self) -> bool:
        """Always."""
        return True

    def settle(self) -> None:
        """Nothing is unanswered."""

    def ask(self, report: Standing) -> Verdict:
        """Nobody asks when there is no target; go on."""
        del report
        return Verdict(number=0, action="go")

    def freeze_wanted(self) -> bool:
        """Nobody wants the slots back."""
        return False

    def saved(self, units: int, digest: str, size: int, seconds: float) -> None:
        """Note it, and let the one before go."""
        del seconds
        note, before = self._note(), self.latest()
        if note is None or self._folder is None:
            return
        new = note.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(CheckpointRef(digest, units, size)))
        new.replace(note)
        if before is not None and before.digest != digest:
            Vault(self._folder).delete(before.digest)

    def unsaved(self, units: int, why: str) -> None:
        """It was printed already."""

    def damaged(self, digest: str) -> None:
        """Nobody to tell: off the platform a damaged checkpoint is an error."""

    def open_sealed(self, data: str, units: int) -> Opened:
        """Where a variable says it lies; nobody counts."""
        del units
        opened = sealed.alone(data, os.environ)
        if not opened.problem:
            say("the sealed test set is looked at off the platform: nobody counts this look")
        return opened

    def scored(self, number: int, metrics: dict[str, float]) -> None:
        """One line."""
        del number
        print("test   " + "  ".join(f"{name}={_short(value)}" for name, value in metrics.items()), flush=True)  # noqa: T201

    def _note(self) -> Path | None:
        return self._folder / "latest.json" if self._folder is not None else None


def _short(value: float) -> str:
    smallest, largest = 1e-3, 1e4  # outside, four decimals say too little or too much
    return f"{value:.4f}" if smallest <= abs(value) < largest else f"{value:.4g}"
