"""A sampler for somebody else's DataLoader."""

import pytest

from daybreak.base.errors import UsageError
from daybreak.train.order.permutation import order

torch = pytest.importorskip("torch")


def test_each_iteration_is_the_next_epoch_in_the_order_that_everybody_has():
    from daybreak.train.order.sampler import OrderSampler

    data = torch.arange(5000)
    sampler = OrderSampler(len(data), seed=4)
    loader = torch.utils.data.DataLoader(data, 64, sampler=sampler, num_workers=1)
    for epoch in (0, 1):
        assert torch.cat(list(loader)).tolist() == order(5000, seed=4, epoch=epoch).tolist()
    sampler.begin(1, position=4992)
    assert torch.cat(list(loader)).tolist() == order(5000, seed=4, epoch=1)[4992:].tolist()
    sampler.set_epoch(0)
    assert list(sampler) == order(5000, seed=4).tolist()


def test_a_number_of_samples_that_cannot_be_is_refused_at_once():
    from daybreak.train.order.sampler import OrderSampler

    with pytest.raises(UsageError, match="must hold"):
        OrderSampler(-1, seed=0)
