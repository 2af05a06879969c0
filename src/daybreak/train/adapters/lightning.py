"""Lightning: one unit is an epoch (or some optimiser steps) of `Trainer.fit`.

    callback = DaybreakCallback(run)
    trainer = Trainer(callbacks=[callback], max_epochs=27, ...)
    trainer.fit(model, daybreak.loader(dataset, 64, run=run), valid, ckpt_path=callback.ckpt_path)

What Lightning itself saves (weights, optimisers, schedulers, precision scaler, loops, callbacks, data modules, loaders with state_dict) is
kept in the trial's checkpoint, together with the random states, which Lightning leaves out. An epoch's state is taken when the next one
is about to begin: by then everything that Lightning does at the end of an epoch has been done. Before that, in `on_train_epoch_end`,
it has not stepped its plateau schedulers yet, and would leave that out after a restart.
"""

from collections.abc import Iterator
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.plugins import CheckpointIO
from lightning.pytorch.utilities import CombinedLoader
from torch.utils.data import DataLoader

from daybreak.base.errors import UsageError
from daybreak.train.checkpoints import say
from daybreak.train.run import Run

MEMORY = "daybreak:memory"  # the path of the one checkpoint that is no file
NAME = "lightning"

MEANS = (
    "units of some steps end within an epoch: means that Lightning logs over a resumed epoch cover what came after the last start, so "
    "what watches such a mean may part; a validation that is due at the very step of a freeze is left out"
)
PROCESSES = "processes that Lightning starts itself (devices > 1) are not the run's: their random states are not in the checkpoint"
STAYING = (
    "loader processes that stay over epochs (persistent_workers=True) keep random states that no checkpoint holds: "
    "use daybreak.loader"
)
UNRESUMABLE = (
    "a training loader without state_dict begins again when an epoch is resumed in its middle: use daybreak.loader"
)


class DaybreakCallback(Callback):  # type: ignore[misc]
    """Makes `Trainer.fit` one trial's training; put it first in the list of callbacks.

    Every number that is logged (`self.log`) is reported when a unit ends. `every_n_steps`: a unit is so many optimiser steps instead of an
    epoch. `ckpt_path` must be given to `Trainer.fit`: None, or what it goes on from. `limits`: where bits may part, as known once training
    has begun.
    """

    def __init__(self, run: Run, *, every_n_steps: int | None = None) -> None:
        if every_n_steps is not None and every_n_steps < 1:
            raise UsageError(f"every_n_steps >= 1 must hold, got {every_n_steps}")
        self.limits: tuple[str, ...] = ()
        self._run = run
        self._every = every_n_steps
        self._trainer: Trainer | None = None
        self._memory = Memory()
        self._restored: dict[str, Any] | None = None
        self._within = False  # the state that is taken, or was restored, lies within an epoch
        self._units: Iterator[int] = iter(())
        self._open = False  # a unit is in progress
        run.keep(**{NAME: (self._save, self._load)})

    @property
    def ckpt_path(self) -> str | None:
        """For `Trainer.fit(ckpt_path=...)`: None where the trial begins."""
        return MEMORY if self._memory.held is not None else None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Stand between Lightning and its files, so that a checkpoint can be taken and given without one."""
        del pl_module
        if stage != "fit":
            return
        self._trainer = trainer
        self._memory.files = trainer.strategy.checkpoint_io
        trainer.strategy.checkpoint_io = self._memory

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin before Lightning asks for the first loader: a shuffling one draws its order then."""
        del pl_module
        if self._memory.held is not None and trainer.ckpt_path != MEMORY:
            raise UsageError(
                "the trial goes on from a checkpoint: give it to Lightning, trainer.fit(..., ckpt_path=callback.ckpt_path)"
            )
        limit = trainer.max_epochs if self._every is None and trainer.max_epochs not in {None, -1} else None
        self._run.hyperparameters.note(NAME, optimized(trainer))  # Lightning restores them next
        self._units = self._run.epochs(limit)
        self._begin_unit()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """See what Lightning was given."""
        del pl_module
        self._memory.held = None
        self._run.hyperparameters.bring(NAME, optimized(trainer))
        if not self._within:
            start_clean(trainer)
        self._within = False
        self.limits = tuple(find_limits(trainer, self._every))
        for limit in self.limits:
            say(f"not every bit may come again: {limit}")

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The epoch before is over with all that belongs to it."""
        del pl_module
        if self._due(trainer):
            self._close_unit(trainer)
        if not self._open:
            raise StopIteration  # ends Lightning's loop between epochs, as its own limits do

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """A unit of some steps may end here, unless the epoch ends too: then it ends with the epoch."""
        del pl_module, outputs, batch, batch_idx
        if self._every is None or trainer.fit_loop.epoch_loop.batch_progress.is_last_batch:
            return
        if self._due(trainer):
            self._within = True
            self._close_unit(trainer)
            self._within = False
            trainer.should_stop = not self._open

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """An epoch that was resumed in its middle ends as any other: Lightning would not step its plateau schedulers."""
        del pl_module
        trainer.fit_loop.restarting = False

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The last epoch is over."""
        del pl_module
        if self._due(trainer):
            self._close_unit(trainer)

    def _due(self, trainer: Trainer) -> bool:
        done = trainer.global_step // self._every if self._every else trainer.current_epoch
        return self._open and done > self._run.units

    def _close_unit(self, trainer: Trainer) -> None:
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items() if torch.numel(value) == 1}
        self._run.report(metrics)
        self._begin_unit()
        if (
            not self._open
        ):  # whoever saves later would find what Lightning does to leave: it calls an epoch ended that is not
            self._run.save()

    def _begin_unit(self) -> None:
        self._open = next(self._units, None) is not None

    def _save(self) -> dict[str, Any]:
        if self._trainer is None:
            return {"limits": [], "within": self._within, "trainer": self._restored}
        self._trainer.save_checkpoint(MEMORY, weights_only=False)
        state, self._memory.held = self._memory.held, None
        return {"limits": list(self.limits), "within": self._within, "trainer": state}

    def _load(self, state: dict[str, Any]) -> None:
        self._restored = self._memory.held = state["trainer"]
        self._within = state["within"]


def optimized(trainer: Trainer) -> dict[str, list[Any]]:
    """What has hyperparameters in Lightning's own checkpoints."""
    schedulers = [config.scheduler for config in trainer.lr_scheduler_configs]
    return {"optimizers": trainer.optimizers, "schedulers": schedulers}


def start_clean(trainer: Trainer) -> None:
    """Begin an epoch as if the one before had just ended here.

    Restarting, Lightning would take the new epoch's batches for done, as many as the last one had; and it counts the epoch that was about
    to begin once less.
    """
    progress = trainer.fit_loop.epoch_progress
    if progress.total.ready > progress.total.completed:
        progress.current.ready = progress.current.completed + 1
    trainer.fit_loop.restarting = False


class Memory(CheckpointIO):  # type: ignore[misc]
    """Lightning's checkpoints: the one at MEMORY is held here, all others are files as before."""

    def __init__(self) -> None:
        self.held: dict[str, Any] | None = None
        self.files: CheckpointIO | None = None

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Hold it, or write the file."""
        if path == MEMORY:
            self.held = checkpoint
        elif self.files is not None:
            self.files.save_checkpoint(checkpoint, path, storage_options)

    def load_checkpoint(self, path: Any, *args: Any, **named: Any) -> dict[str, Any]:
        """What is held, or the file's content."""
        if path == MEMORY and self.held is not None:
            return self.held
        if self.files is None:
            raise UsageError(f"Lightning is not training: nothing can be read from {path}")
        checkpoint: dict[str, Any] = self.files.load_checkpoint(path, *args, **named)
        return checkpoint

    def remove_checkpoint(self, path: Any) -> None:
        """Delete the file."""
        if self.files is not None:
            self.files.remove_checkpoint(path)


def find_limits(trainer: Trainer, every_n_steps: int | None) -> Iterator[str]:
    """Where bits may part, each in a sentence."""
    loaders = CombinedLoader(trainer.train_dataloader).flattened
    if every_n_steps:
        yield MEANS
        if not all(hasattr(loader, "state_dict") for loader in loaders):
            yield UNRESUMABLE
    if trainer.world_size > 1:
        yield PROCESSES
    if any(isinstance(loader, DataLoader) and loader.persistent_workers for loader in loaders):
        yield STAYING
