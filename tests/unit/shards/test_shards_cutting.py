"""Batches of every make are cut in equal parts, in order."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from daybreak.base.errors import UsageError
from daybreak.train.shards.cutting import cut

torch = pytest.importorskip("torch")


class Pair(NamedTuple):
    x: Any
    y: Any


def test_rows_stay_in_order_whatever_holds_them():
    assert cut(range(4), 2) == [range(2), range(2, 4)]
    assert cut(["a", "b", "c", "d"], 4) == [["a"], ["b"], ["c"], ["d"]]
    assert [part.tolist() for part in cut(np.arange(4), 2)] == [[0, 1], [2, 3]]
    assert [part.tolist() for part in cut(torch.arange(4), 2)] == [[0, 1], [2, 3]]


def test_columns_are_cut_alike():
    first, second = cut({"x": torch.zeros(4, 3), "y": [1, 2, 3, 4]}, 2)
    assert (first["x"].shape, first["y"], second["y"]) == ((2, 3), [1, 2], [3, 4])
    first, second = cut(Pair(torch.arange(4), torch.zeros(4)), 2)
    assert second.x.tolist() == [2, 3]
    assert isinstance(cut([torch.arange(4), torch.zeros(4)], 2)[0], list)  # as data loaders make them


@pytest.mark.parametrize(("rows", "take"), [(97, "96 or 104"), (3, "8"), (0, "8")])
def test_rows_that_cannot_be_shared_out_are_refused(rows, take):
    with pytest.raises(
        UsageError, match=rf"cut into 8 equal parts, got one of {rows} rows: take batches of {take} rows.*drop_last"
    ):
        cut(range(rows), 8)


def test_what_has_no_rows_is_refused():
    with pytest.raises(UsageError, match="got int"):
        cut(5, 2)
