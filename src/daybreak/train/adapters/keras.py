"""Keras 3 with any back end: one unit is an epoch of `model.fit`.

    callback = DaybreakCallback(run)
    model.fit(Batches(run, x, y, 64), epochs=27, shuffle=False, callbacks=[callback], initial_epoch=callback.initial_epoch)

A checkpoint holds the model's variables (weights, moving means, and the states of the seed generators in layers such as Dropout) and
the optimizer's, in the order in which Keras tracks them, and Keras's global seed generator. `Batches` gives samples in an order that is
a function of seed and epoch. Arrays with `shuffle=True` are exact too on torch and JAX, where Keras draws from generators whose states
are in the checkpoint; on TensorFlow they are not.
"""

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras.src.random.seed_generator import global_seed_generator  # Keras offers no other way to its state

from daybreak.base.errors import UsageError
from daybreak.train.adapters import arrays
from daybreak.train.checkpoints import say
from daybreak.train.holders import Holder
from daybreak.train.order.permutation import order
from daybreak.train.run import Run

NAME = "keras"
RATE = "learning_rate"
ENDED = sys.maxsize  # an epoch that no training has
SHUFFLE = (
    "TensorFlow's random state cannot be restored: arrays with shuffle=True and tf.data pipelines that draw come in another order after "
    "a freeze; use Batches"
)


class DaybreakCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Makes `model.fit` one trial's training; put it last in the list of callbacks.

    The epoch's logs are reported when it ends. `also`: other callbacks with memory (EarlyStopping, ReduceLROnPlateau, ...): what they
    remember in numbers, text and arrays is kept. `initial_epoch` must be given to `fit`. `limits`: where bits may part. Raises
    `UsageError` where the checkpoint is of another model.
    """

    def __init__(self, run: Run, *, also: Sequence[Any] = ()) -> None:
        super().__init__()
        self.limits = tuple(find_limits())
        self._run = run
        self._also = also
        self._units: Iterator[int] = iter(())
        self._stopped = False  # by another callback; nothing follows
        self._restored: dict[str, Any] | None = None
        for limit in self.limits:
            say(f"not every bit may come again: {limit}")
        run.keep(**{NAME: (self._save, self._load)})

    @property
    def initial_epoch(self) -> int:
        """For `model.fit(initial_epoch=...)`: how many epochs are done."""
        return ENDED if self._stopped else self._run.units

    def on_train_begin(self, logs: Any = None) -> None:
        """The model is built by now; it becomes what it was in the checkpoint."""
        del logs
        if not self.model.built:  # TensorFlow's trainer would build it with the first batch
            raise UsageError(
                "the model must be built before fit, so that it can be restored: begin it with keras.Input(SHAPE)"
            )
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        self._run.hyperparameters.note(NAME, rate_of(self.model.optimizer))
        if self._restored is not None:
            self._restore(self._restored)
            self._restored = None
            self._run.hyperparameters.bring(NAME, rate_of(self.model.optimizer))
        if not self._stopped:
            self._units = self._run.epochs(self.params["epochs"])
            if next(self._units, None) is None:
                self._stopped = True

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Keras counts from `initial_epoch`."""
        del logs
        if epoch != self._run.units:
            raise UsageError(
                f"the trial stands at epoch {self._run.units}, fit begins at {epoch}: model.fit(..., initial_epoch=callback.initial_epoch)"
            )

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """One unit is done; the trial may be frozen here."""
        del epoch
        self._run.report({name: float(value) for name, value in (logs or {}).items()})
        if self.model.stop_training:
            self._stopped = True
            self._run.stop(save=False)  # on_train_end saves: other callbacks have their last word before
        if next(self._units, None) is None:
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        """Other callbacks have had their last word: best weights may be back."""
        del logs
        if self._stopped:
            self._run.save()

    def _variables(self) -> list[Any]:
        """Every variable that training changes, always in the same order."""
        optimizer = getattr(self.model, "optimizer", None)
        return [*self.model.variables, *(optimizer.variables if optimizer is not None else ())]

    def _save(self) -> dict[str, Any]:
        if self._restored is not None:
            return self._restored
        return {
            "limits": list(self.limits),
            "stopped": self._stopped,
            "paths": [variable.path for variable in self._variables()],
            "variables": [_saved(variable) for variable in self._variables()],
            "seeds": _saved(global_seed_generator().state),
            "also": [memory(callback) for callback in self._also],
        }

    def _load(self, state: dict[str, Any]) -> None:
        self._restored, self._stopped = state, state["stopped"]

    def _restore(self, state: dict[str, Any]) -> None:
        here = self._variables()
        check_alike(here, state)
        for variable, saved in zip(here, state["variables"], strict=True):
            variable.assign(arrays.restored(saved))
        global_seed_generator().state.assign(arrays.restored(state["seeds"]))
        for callback, remembered in zip(self._also, state["also"], strict=True):
            vars(callback).update(remembered)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Rows of arrays in batches of `size`, in an order that is a function of the run's seed and the epoch; the last may be smaller.

    `x`, `y`: arrays of N rows. Give `shuffle=False` to `fit`: it would shuffle the batches once more. Override `augment` to alter samples.
    They are gathered in the training process: with several `workers` of `keras.utils.PyDataset` two equal trainings gave other bits (3.15).
    """

    def __init__(self, run: Run, x: Any, y: Any, size: int) -> None:
        super().__init__()
        self._run = run
        self._arrays = (x, y)
        self._size = size
        self._epoch = -1, order(0, seed=run.seed)

    @property
    def num_batches(self) -> int:
        """Of an epoch."""
        return -(-len(self._arrays[0]) // self._size)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        epoch, samples = self._epoch
        if epoch != self._run.units:
            samples = order(len(self._arrays[0]), seed=self._run.seed, epoch=self._run.units)
            self._epoch = self._run.units, samples
        rows = samples[index * self._size : (index + 1) * self._size]
        return self.augment(rows, *(array[rows] for array in self._arrays))

    def augment(self, rows: Any, x: Any, y: Any) -> tuple[Any, Any]:
        """The batch as it is trained on: `rows`, shape (B,), are the numbers of its samples. Draw with `daybreak.sample_stream`."""
        del rows
        return x, y


def rate_of(optimizer: Any) -> Holder:
    """The learning rate, which is a variable, unless it is a function of the step; all else of an optimizer is in no checkpoint."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # where losses are scaled

    def read() -> dict[str, Any]:
        known = getattr(optimizer, "_learning_rate", None)
        return {RATE: float(optimizer.learning_rate)} if isinstance(known, keras.Variable) else {}

    return Holder("optimizer", read, lambda name, value: setattr(optimizer, name, value), {RATE: (RATE,)})


def find_limits() -> Iterator[str]:
    """Where bits may part, each in a sentence."""
    if keras.backend.backend() == "jax":
        from daybreak.train.adapters.jax import find_limits as limits_of_jax

        yield from limits_of_jax()
    if keras.backend.backend() == "tensorflow":
        yield SHUFFLE


def check_alike(variables: Sequence[Any], state: dict[str, Any]) -> None:
    """Raises `UsageError` unless a checkpoint's variables have the shapes of these."""
    here = [tuple(variable.shape) for variable in variables]
    there = [np.shape(saved["array"]) for saved in state["variables"]]
    if here == there:
        return
    pairs = zip(state["paths"], there, [*here, *[None] * len(there)], strict=False)
    path, held, wanted = next((pair for pair in pairs if pair[1] != pair[2]), ("", len(there), len(here)))
    raise UsageError(
        f"the checkpoint must hold this model's variables: {path or 'their number'} is {held} there, {wanted} here: build the same model"
    )


def memory(callback: Any) -> dict[str, Any]:
    """What a callback remembers in plain values and arrays; not what it was made with, which it may turn round (`min_delta`)."""
    made_with = inspect.signature(type(callback).__init__).parameters
    return {name: value for name, value in vars(callback).items() if name not in made_with and _is_plain(value)}


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str | np.ndarray | np.generic)


def _saved(variable: Any) -> dict[str, Any]:
    return arrays.plain(np.asarray(keras.ops.convert_to_numpy(variable)))
