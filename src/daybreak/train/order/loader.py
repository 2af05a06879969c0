"""A loader of batches that can begin anywhere: `daybreak.loader(dataset, 64, run=run, workers=2)`.

Batches and augmentations are functions of (seed, epoch, position) and (seed, epoch, sample). So the whole state of a loader is the epoch
and one position, counted in samples that training has been given (not in those that worker processes have fetched ahead), and any
number of worker processes gives the same batches.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from daybreak.base.errors import UsageError
from daybreak.train.order.augmentation import sample_seeds, seed_globals, undisturbed
from daybreak.train.order.permutation import Cut, Indices, Permutation

if TYPE_CHECKING:
    import torch

Transform = Callable[[Any, "torch.Generator"], Any]
Collate = Callable[[list[Any]], Any]


class Seeded(Protocol):
    """A run, as far as a loader cares."""

    seed: int
    units: int


class Fetch(NamedTuple):
    """What a worker process is asked for: some samples as they are in one epoch."""

    epoch: int
    rows: Indices


def loader(
    dataset: Any,
    batch_size: int,
    *,
    run: Seeded | None = None,
    seed: int | None = None,
    workers: int = 0,
    shuffle: bool = True,
    drop_last: bool = False,
    shard: tuple[int, int] = (0, 1),
    transform: Transform | None = None,
    collate_fn: Collate | None = None,
    draws: bool = True,
    **options: Any,
) -> "Loader":
    """Batches of a map-style dataset (`len(dataset)`, `dataset[index]`) in an order that resumes anywhere.

    `run` gives the seed; without one, give `seed`. `workers`: loader processes, 0 for none. `shard=(k, S)`: the k-th of S parts of each
    batch. While `dataset[index]` and `transform(sample, generator)` run, the global generators of Python, NumPy and torch are set from
    (seed, epoch, sample), and so is `generator`, a torch.Generator on the CPU; while `collate_fn` runs, from the batch's first sample.
    `draws=False` says that nothing draws but `transform` from its `generator`, and saves some 7 microseconds a sample. `options` go to
    `torch.utils.data.DataLoader` (pin_memory, persistent_workers, ...). Raises `UsageError`.

        loader = daybreak.loader(dataset, 64, run=run, workers=2)
        run.keep(model=model, optimizer=optimizer, loader=loader)
        for epoch in run.epochs(27):
            for x, y in loader:
    """
    chance = check_given(dataset, run, seed)
    cut = Cut(len(dataset), batch_size, drop_last=drop_last, shard=shard)
    if any(first == last for first, last in cut.spans(max(0, (cut.count() - 1) * batch_size))):
        raise UsageError(
            f"every shard needs a sample of every batch, the last of {len(dataset)} samples in batches of {batch_size} has too few for "
            f"{shard[1]} shards: give drop_last=True"
        )
    batches = Batches(cut, chance, shuffle=shuffle)
    samples = Samples(dataset, batches.seed, transform, collate_fn, draws=draws)
    return Loader(samples, batches, workers, options, run if shuffle else None)


def check_given(dataset: Any, run: Seeded | None, seed: int | None) -> int:
    """The seed. Raises `UsageError` where there is none, or two, or where samples cannot be asked for by number."""
    if (run is None) == (seed is None):
        raise UsageError("daybreak.loader takes either run=run, whose seed it uses, or seed=NUMBER")
    if not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
        raise UsageError(
            "daybreak.loader needs a dataset with len(dataset) and dataset[index], so that any sample can be fetched at any time; "
            f"a {type(dataset).__name__} has not both"
        )
    return run.seed if run is not None else int(seed or 0)


class Batches:
    """A batch sampler for torch's DataLoader: what to fetch for each batch, from (epoch, position) on."""

    def __init__(self, cut: Cut, seed: int, *, shuffle: bool) -> None:
        self.cut = cut
        self.seed = seed
        self.epoch = self.position = 0
        self._shuffle = shuffle

    def __len__(self) -> int:
        return self.cut.count()

    def set_epoch(self, epoch: int) -> None:
        """Go to the start of an epoch, for frameworks that count epochs themselves."""
        self.epoch, self.position = epoch, 0

    def __iter__(self) -> Iterator[Fetch]:
        source = Permutation(self.cut.n, seed=self.seed, epoch=self.epoch).span if self._shuffle else in_order
        for first, last in self.cut.spans(self.position):
            yield Fetch(self.epoch, source(first, last))


class Samples:
    """A dataset of whole batches, each sample made with its own chance; torch's DataLoader must take them `as_is`."""

    def __init__(
        self, dataset: Any, seed: int, transform: Transform | None, collate: Collate | None, *, draws: bool
    ) -> None:
        from torch.utils.data import default_collate

        self._dataset = dataset
        self._seed = seed
        self._transform = transform
        self._collate = collate or default_collate
        self._draws = draws

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitems__(self, asked: Fetch) -> Any:
        from torch.utils.data import get_worker_info

        if not self._draws or get_worker_info() is not None:  # nobody else draws in a worker process
            return self._make(asked)
        with undisturbed():
            return self._make(asked)

    def _make(self, asked: Fetch) -> Any:
        import torch

        generator, samples = torch.Generator(), []
        seeds = sample_seeds(asked.rows, seed=self._seed, epoch=asked.epoch).tolist()
        for row, seed in zip(asked.rows.tolist(), seeds, strict=True):
            if self._draws:
                seed_globals(seed)
            sample = self._dataset[row]
            samples.append(sample if self._transform is None else self._transform(sample, generator.manual_seed(seed)))
        if self._draws:
            seed_globals(int(sample_seeds(asked.rows[0], seed=self._seed, epoch=asked.epoch, name="collation")))
        return self._collate(samples)


class Loader:
    """Iterating gives what is left of the epoch; where nothing is left, the next one.

    `epoch`: counted from 0. `position`: samples of this epoch that were given out. A `for` that is left early goes on at the next batch
    when the loader is iterated again, also after the last batch of an epoch; `begin(epoch)` goes elsewhere.
    """

    def __init__(
        self, samples: Samples, batches: Batches, workers: int, options: dict[str, Any], run: Seeded | None
    ) -> None:
        import torch
        from torch.utils.data import DataLoader

        self.epoch = self.position = 0
        self._batches = batches
        self._unkept = run.units if run is not None else 0  # a trial goes on from there, and this loader does not yet
        self._turn = 0
        # A generator of its own: torch's DataLoader draws one number an epoch, which must not be taken from the model's.
        self._loader = DataLoader(
            samples,
            batch_sampler=batches,
            collate_fn=as_is,
            num_workers=workers,
            generator=torch.Generator(),
            **options,
        )

    def __len__(self) -> int:
        """Batches of a whole epoch."""
        return len(self._batches)

    def __iter__(self) -> Iterator[Any]:
        self._check_kept()
        self._turn += 1
        turn, cut = self._turn, self._batches.cut
        if self.position and cut.ended(self.position):  # whoever knows the length never asks for the end
            self.begin(self.epoch + 1)
        self._batches.epoch, self._batches.position = self.epoch, self.position
        for batch in self._loader:
            self.position = min(cut.n, self.position + cut.size)
            yield batch
            if turn != self._turn:
                raise UsageError("a loader has one position: finish one loop over it before the next, or make two")
        self.begin(self.epoch + 1)

    def endless(self) -> Iterator[Any]:
        """Batch after batch, epoch after epoch."""
        if not len(self):
            raise UsageError(f"there is no batch in an epoch of {self._batches.cut.n} samples")
        while True:
            yield from self

    def begin(self, epoch: int) -> None:
        """Go to the start of an epoch."""
        self.epoch, self.position, self._unkept = epoch, 0, 0

    def state_dict(self) -> dict[str, int]:
        """Where it stands: the epoch, the position, and how many samples there are."""
        return {"epoch": self.epoch, "position": self.position, "samples": self._batches.cut.n}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from there; batch size, workers and shards may be others. Raises `UsageError` in the middle of other data."""
        samples, position = self._batches.cut.n, state["position"]
        if state["samples"] != samples and 0 < position < state["samples"]:
            raise UsageError(
                f"a loader goes on in the middle of an epoch only with the same data: it stood at {position} of {state['samples']} "
                f"samples, now there are {samples}"
            )
        self.epoch, self.position, self._unkept = state["epoch"], min(position, samples), 0

    def _check_kept(self) -> None:
        if self._unkept:
            raise UsageError(
                f"this trial goes on at unit {self._unkept}, but its loader would begin at epoch 0: keep it before the loop, "
                "run.keep(loader=loader), or say where it is to begin, loader.begin(epoch)"
            )


def as_is(batch: Any) -> Any:
    """The batch, collated already."""
    return batch


def in_order(start: int, stop: int) -> Indices:
    """The samples as they lie."""
    import numpy as np

    return np.arange(start, stop, dtype=np.int64)
