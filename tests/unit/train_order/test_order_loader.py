"""The loader: the same batches wherever it begins and whoever fetches them."""

import random
from types import SimpleNamespace

import numpy as np
import pytest

from daybreak.base.errors import UsageError
from daybreak.base.hashing import hash_bytes
from daybreak.train.order.loader import loader

torch = pytest.importorskip("torch")

N, SIZE = 23, 5


class Noisy(torch.utils.data.Dataset):
    """Draws from every global generator for each sample."""

    def __len__(self):
        return N

    def __getitem__(self, index):
        return index, random.random(), np.random.normal(), torch.randn(2)  # noqa: NPY002


def jitter(sample, generator):
    return (*sample, torch.rand(1, generator=generator))


def shake(sample, generator):
    return sample, torch.rand(1, generator=generator)


def mask(samples):
    """As for masked language models: a batch draws once more when it is put together."""
    return [*torch.utils.data.default_collate(samples), torch.rand(3)]


def make(**named):
    return loader(Noisy(), SIZE, **{"seed": 3, "transform": jitter, "collate_fn": mask, **named})


def digest(batches):
    return [hash_bytes(b"".join(part.numpy().tobytes() for part in batch)) for batch in batches]


@pytest.fixture(scope="module")
def two_epochs():
    uninterrupted = make()
    return digest(uninterrupted) + digest(uninterrupted)


def test_an_epoch_holds_every_sample_once_and_the_next_has_another_order():
    one = make()
    first, second = ([int(index) for batch in one for index in batch[0]] for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(N))
    assert first != second


@pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker processes")
@pytest.mark.parametrize("workers", [1, 4])
def test_worker_processes_change_nothing(two_epochs, workers):
    many = make(workers=workers, persistent_workers=True)
    assert digest(many) + digest(many) == two_epochs


@pytest.mark.parametrize("workers", [0, 2])
def test_it_resumes_at_every_batch_of_both_epochs(two_epochs, workers):
    """With worker processes, batches had been fetched ahead when the state was taken."""
    per_epoch = len(make())
    stops = range(2 * per_epoch) if not workers else (0, 3, per_epoch, per_epoch + 2)
    for taken in stops:
        before = make(workers=workers)
        stream = before.endless()
        head = digest(next(stream) for _ in range(taken))
        state = before.state_dict()
        assert set(state) == {"epoch", "position", "samples"}
        after = make(workers=0)
        after.load_state_dict(state)
        rest = after.endless()
        assert head + digest(next(rest) for _ in range(2 * per_epoch - taken)) == two_epochs


def test_what_a_model_draws_is_not_disturbed_and_does_not_disturb():
    """Dropout between batches has the same chance with and without worker processes, resumed or not."""

    def drawn(workers):
        torch.manual_seed(1)
        one = make(workers=workers)
        return [(digest([batch]), float(torch.rand(()))) for _ in range(2) for batch in one]

    assert drawn(0) == drawn(2)


def test_samples_that_draw_from_their_own_generator_alone_need_no_more():
    """`draws=False` leaves the global generators alone: the transform's draws are as they were."""
    quick = [batch[-1].tolist() for batch in loader(range(N), SIZE, seed=3, transform=shake, draws=False)]
    assert quick == [batch[-1].tolist() for batch in loader(range(N), SIZE, seed=3, transform=shake)]


def test_a_loop_that_was_left_goes_on_and_begin_goes_elsewhere(two_epochs):
    one = make()
    for batch in one:
        assert digest([batch]) == two_epochs[:1]
        break
    assert digest(one) == two_epochs[1:5]
    one.begin(0)
    whole_epoch = [batch for _, batch in zip(range(5), one, strict=False)]  # never asks whether there is a sixth
    assert digest(whole_epoch) == two_epochs[:5]
    assert digest(one) == two_epochs[5:]
    one.begin(0)
    assert digest(one) == two_epochs[:5]
    one.begin(1)
    assert digest(one) == two_epochs[5:]


def test_two_loops_at_once_are_refused():
    one = make()
    outer = iter(one)
    next(outer)
    next(iter(one))
    with pytest.raises(UsageError, match="one position"):
        next(outer)


def test_shards_are_parts_of_the_batch():
    whole = [batch[0].tolist() for batch in make(drop_last=True)]
    halves = [[batch[0].tolist() for batch in make(drop_last=True, shard=(k, 2))] for k in range(2)]
    assert [a + b for a, b in zip(*halves, strict=True)] == whole
    assert len(whole) == len(make(drop_last=True)) == N // SIZE


def test_without_shuffling_samples_come_as_they_lie():
    assert [int(index) for batch in make(shuffle=False) for index in batch[0]] == list(range(N))


def test_another_batch_size_goes_on_at_the_same_sample():
    """A trial of a population that copies another takes its place in the epoch with a batch size of its own."""
    one, other = make(), loader(Noisy(), 7, seed=3)
    next(iter(one))
    other.load_state_dict(one.state_dict())
    assert [len(batch[0]) for batch in other] == [7, 7, 4]


def test_other_data_is_refused_in_the_middle_of_an_epoch_only():
    one = make()
    next(iter(one))
    other = loader(list(range(N + 1)), SIZE, seed=3)
    with pytest.raises(UsageError, match="5 of 23 samples, now there are 24"):
        other.load_state_dict(one.state_dict())
    one.begin(4)
    other.load_state_dict(one.state_dict())
    assert other.epoch == 4


def test_a_resumed_run_whose_loader_is_not_kept_is_told():
    run = SimpleNamespace(seed=3, units=2)
    resumed = make(run=run, seed=None)
    with pytest.raises(UsageError, match=r"run\.keep\(loader=loader\)"):
        next(iter(resumed))
    resumed.load_state_dict({"epoch": 2, "position": 0, "samples": N})
    assert len(list(resumed)) == 5
    for validation in (make(run=run, seed=None, shuffle=False), make(run=SimpleNamespace(seed=3, units=0), seed=None)):
        assert len(list(validation)) == 5


@pytest.mark.parametrize(
    ("dataset", "named", "why"),
    [
        (Noisy(), {}, "either run=run"),
        (Noisy(), {"seed": 1, "run": SimpleNamespace(seed=1, units=0)}, "either run=run"),
        (iter([1]), {"seed": 1}, "len"),
        (Noisy(), {"seed": 1, "shard": (0, 4)}, "drop_last=True"),
    ],
)
def test_what_cannot_be_is_refused(dataset, named, why):
    with pytest.raises(UsageError, match=why):
        loader(dataset, SIZE, **named)


def test_an_empty_epoch_ends_at_once_and_is_no_endless_one():
    one = loader([1, 2], 5, seed=0, drop_last=True)
    assert list(one) == []
    with pytest.raises(UsageError, match="no batch"):
        next(one.endless())
