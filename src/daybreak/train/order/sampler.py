"""The order of samples for a torch DataLoader of one's own, which resumes between epochs, or wherever its user has counted to."""

from collections.abc import Iterator

from torch.utils.data import Sampler

from daybreak.train.order.permutation import CHUNK, Permutation


class OrderSampler(Sampler[int]):  # type: ignore[misc]
    """`DataLoader(dataset, 64, sampler=OrderSampler(len(dataset), seed=run.seed))`: each iteration is the next epoch.

    Worker processes ask ahead, so a sampler cannot know what training has been given; that is why it has no state of its own: tell it
    where to begin. `daybreak.loader` counts by itself, and makes each sample with its own chance. Raises `UsageError`.
    """

    def __init__(self, n: int, *, seed: int, epoch: int = 0) -> None:
        self.epoch = epoch
        self.position = 0
        self._n = n
        self._seed = seed
        Permutation(n, seed=seed, epoch=epoch)  # refuses an n that cannot be

    def __len__(self) -> int:
        return self._n

    def begin(self, epoch: int, position: int = 0) -> None:
        """The next iteration is what is left of `epoch` from `position` on, counted in samples."""
        self.epoch, self.position = epoch, position

    set_epoch = begin  # what frameworks that know torch's DistributedSampler call

    def __iter__(self) -> Iterator[int]:
        permutation, position = Permutation(self._n, seed=self._seed, epoch=self.epoch), self.position
        self.begin(self.epoch + 1)
        for start in range(position, self._n, CHUNK):
            yield from permutation.span(start, min(self._n, start + CHUNK)).tolist()
