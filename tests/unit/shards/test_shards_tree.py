"""Refusals of numbers of shards and workers name the nearest choices."""

import pytest

from daybreak.base.errors import UsageError
from daybreak.train.shards import tree


@pytest.mark.parametrize(
    ("shards", "workers", "said"),
    [
        (6, 2, "must be a power of two, got shards=6: take 4 or 8"),
        (0, 1, "got shards=0: take 1"),
        (8, 3, "8 shards are computed by a power of two of workers, at most 8; got 3 workers: take 2 or 4"),
        (4, 8, "at most 4; got 8 workers: take 4"),
        (4, 7, "got 7 workers: take 4"),
        (4, 100, "got 100 workers: take 4"),
    ],
)
def test_refused_with_the_nearest_choices(shards, workers, said):
    with pytest.raises(UsageError, match=said):
        tree.check(shards, workers)
