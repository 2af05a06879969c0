"""Hugging Face `transformers.Trainer`: one unit is an epoch (or some optimiser steps).

    callback = DaybreakCallback(run)
    trainer = Trainer(model, TrainingArguments(...), train_dataset=..., callbacks=[callback])
    callback.train(trainer)

A state (weights, optimiser, scheduler, scaler, the Trainer's own counters and history) is taken when the next epoch or step is about to
begin, after all that the Trainer does at the end of one: logging, evaluation, its own checkpoints. To go on, the Trainer is given what its
`resume_from_checkpoint` reads, a folder in the trial's scratch space with the weights and its counters; the rest is put back in place.
"""

import dataclasses
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from transformers import Trainer, TrainerCallback, TrainerState
from transformers.trainer_callback import ExportableState
from transformers.trainer_utils import IntervalStrategy

from daybreak.base.errors import UsageError
from daybreak.train.checkpoints import say
from daybreak.train.order.loader import Batches, Samples, as_is
from daybreak.train.order.permutation import Cut
from daybreak.train.run import Run

NAME = "huggingface"
STATE, WEIGHTS = "trainer_state.json", "pytorch_model.bin"  # the Trainer's own file names
OF_THE_CLOCK = ("_runtime", "_per_second")  # logged values that differ each time
OF_THE_CALL = {"train_loss", "total_flos"}  # logged over one call of train(), not over the trial

OWN_ORDER = (
    "the Trainer's own order is used (ordered=False, a dataset without length, train_sampling_strategy or several processes): what its "
    "collator or dataset draws within a resumed epoch may part"
)
LOSSES = (
    "a logged loss is the mean since the last one logged: the first after a resume within logging_steps covers less"
)
BEST = "load_best_model_at_end reads the Trainer's own files, which are not in the trial's checkpoint: they must still be in output_dir"
PROCESSES = "several processes are not the run's: their random states are not in the checkpoint"


class Enough(Exception):
    """The trial has no more units to do; the Trainer offers no other way to end between epochs."""


class DaybreakCallback(TrainerCallback):  # type: ignore[misc]
    """Makes a Trainer's training one trial's.

    Every number that the Trainer logs is reported when a unit ends, but for those that measure time. `every_n_steps`: a unit is so many
    optimiser steps instead of an epoch. `ordered`: samples come in Daybreak's order, each with its own chance, so that the number of loader
    processes changes nothing. `limits`: where bits may part, as known once training has begun.
    """

    def __init__(self, run: Run, *, every_n_steps: int | None = None, ordered: bool = True) -> None:
        if every_n_steps is not None and every_n_steps < 1:
            raise UsageError(f"every_n_steps >= 1 must hold, got {every_n_steps}")
        self.limits: tuple[str, ...] = ()
        self._run = run
        self._every = every_n_steps
        self._ordered = ordered
        self._trainer: Trainer | None = None
        self._restored: dict[str, Any] | None = None
        self._units: Iterator[int] | None = None
        self._open = self._within = False  # a unit is in progress; the state lies within an epoch
        self._logged: dict[str, float] = {}
        run.keep(**{NAME: (self._save, self._load)})

    def train(self, trainer: Trainer) -> None:
        """`trainer.train()`, from wherever the trial stands up to where it is to go."""
        if self not in trainer.callback_handler.callbacks:
            trainer.add_callback(self)
        self._trainer = trainer
        own_order = not self._ordered or not can_be_ordered(trainer)
        if not own_order:
            trainer.get_train_dataloader = lambda: ordered_loader(trainer, self._run.seed)
        self.limits = tuple(find_limits(trainer, self._every, own_order=own_order))
        for limit in self.limits:
            say(f"not every bit may come again: {limit}")
        try:
            trainer.train(resume_from_checkpoint=self._written())
        except Enough:
            trainer.is_in_train = False

    def on_train_begin(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        """Put back what the Trainer did not read from its folder."""
        del args, state, control
        if self._trainer is None:
            raise UsageError("train with callback.train(trainer), not trainer.train(): it knows where the trial stands")
        steered = {"optimizer": kwargs["optimizer"], "scheduler": kwargs["lr_scheduler"]}
        self._run.hyperparameters.note(NAME, steered)
        if self._restored is None:
            return
        kwargs["optimizer"].load_state_dict(self._restored["optimizer"])
        kwargs["lr_scheduler"].load_state_dict(self._restored["scheduler"])
        if self._restored["scaler"] is not None:
            self._trainer.accelerator.scaler.load_state_dict(self._restored["scaler"])
        for name, callback in exportable(self._trainer).items():
            vars(callback).update(self._restored["callbacks"].get(name, {}))
        self._run.hyperparameters.bring(NAME, steered)
        self._restored = None

    def on_epoch_begin(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        """The epoch before is over with all that belongs to it."""
        del args, control, kwargs
        if self._units is not None or not self._within:
            self._step(state, within=False)

    def on_step_begin(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        """A unit of some steps may end here."""
        del args, control, kwargs
        if self._every is not None:
            self._step(state, within=True)

    def on_train_end(self, args: Any, state: TrainerState, control: Any, **kwargs: Any) -> None:
        """The last epoch is over."""
        del args, control, kwargs
        if self._due(state):
            self._close_unit(within=False)

    def on_log(
        self, args: Any, state: TrainerState, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """Remember numbers until the unit ends."""
        del args, state, control, kwargs
        numbers = {name: value for name, value in (logs or {}).items() if isinstance(value, int | float)}
        self._logged |= without_clock(numbers, "epoch", *OF_THE_CALL)

    def _step(self, state: TrainerState, *, within: bool) -> None:
        if self._units is None:
            self._begin()
        elif self._due(state):
            self._close_unit(within=within)
        if not self._open:
            raise Enough

    def _begin(self) -> None:
        if self._trainer is None:
            return
        args = self._trainer.args
        by_epochs = self._every is None and args.max_steps <= 0 and float(args.num_train_epochs).is_integer()
        self._units = self._run.epochs(int(args.num_train_epochs) if by_epochs else sys.maxsize)
        self._open = next(self._units, None) is not None

    def _due(self, state: TrainerState) -> bool:
        done = state.global_step // self._every if self._every else round(state.epoch or 0)
        return self._open and done > self._run.units

    def _close_unit(self, *, within: bool) -> None:
        self._run.report(self._logged)
        self._logged = {}
        self._within = within
        self._open = self._units is not None and next(self._units, None) is not None

    def _save(self) -> dict[str, Any]:
        trainer = self._trainer
        if trainer is None or trainer.optimizer is None:
            raise UsageError("a trial is saved while it trains: nothing has been trained yet")
        scaler = getattr(trainer.accelerator, "scaler", None)
        return {
            "limits": list(self.limits),
            "within": self._within,
            "weights": trainer.accelerator.unwrap_model(trainer.model).state_dict(),
            "optimizer": trainer.optimizer.state_dict(),
            "scheduler": trainer.lr_scheduler.state_dict(),
            "scaler": scaler.state_dict() if scaler is not None else None,
            "trainer": counters(trainer),
            "callbacks": {name: callback.state()["attributes"] for name, callback in exportable(trainer).items()},
        }

    def _load(self, state: dict[str, Any]) -> None:
        self._restored = state
        self._within = state["within"]

    def _written(self) -> str | None:
        """The folder the Trainer resumes from; None where the trial begins."""
        if self._restored is None:
            return None
        folder: Path = self._run.scratch / "resume"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        torch.save(self._restored["weights"], folder / WEIGHTS)
        (folder / STATE).write_text(self._restored["trainer"])
        return str(folder)


def counters(trainer: Trainer) -> str:
    """The Trainer's state as it would write it, JSON, without what measures time."""
    state = dataclasses.asdict(trainer.state)
    state["log_history"] = [without_clock(entry) for entry in state["log_history"]]
    return json.dumps(state, sort_keys=True)


def exportable(trainer: Trainer) -> dict[str, ExportableState]:
    """The callbacks that have a state, by name: early stopping, for one."""
    callbacks = trainer.callback_handler.callbacks
    return {type(callback).__name__: callback for callback in callbacks if isinstance(callback, ExportableState)}


def without_clock(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """The values but for those that measure time, and for `names`."""
    return {name: value for name, value in values.items() if not name.endswith(OF_THE_CLOCK) and name not in names}


def can_be_ordered(trainer: Trainer) -> bool:
    """Whether the Trainer would shuffle, in one process, a dataset that can be asked for any sample."""
    strategy = getattr(trainer.args, "train_sampling_strategy", "random")
    return strategy == "random" and trainer.args.world_size == 1 and hasattr(trainer.train_dataset, "__len__")


def ordered_loader(trainer: Trainer, seed: int) -> DataLoader:
    """The Trainer's own training loader, with Daybreak's order and chance in it."""
    own = type(trainer).get_train_dataloader(trainer)
    cut = Cut(len(own.dataset), trainer.args.train_batch_size, drop_last=trainer.args.dataloader_drop_last)
    loader = DataLoader(
        Samples(own.dataset, seed, None, own.collate_fn, draws=True),
        batch_sampler=Batches(cut, seed, shuffle=True),
        collate_fn=as_is,
        num_workers=own.num_workers,
        pin_memory=own.pin_memory,
        prefetch_factor=own.prefetch_factor,
        persistent_workers=own.persistent_workers,
        generator=torch.Generator(),
    )
    return trainer.accelerator.prepare(loader)


def find_limits(trainer: Trainer, every_n_steps: int | None, *, own_order: bool) -> Iterator[str]:
    """Where bits may part, each in a sentence."""
    args = trainer.args
    if own_order and (every_n_steps or args.dataloader_num_workers):
        yield OWN_ORDER
    if every_n_steps and (args.logging_strategy != IntervalStrategy.STEPS or every_n_steps % args.logging_steps):
        yield LOSSES
    if args.load_best_model_at_end:
        yield BEST
    if args.world_size > 1:
        yield PROCESSES
