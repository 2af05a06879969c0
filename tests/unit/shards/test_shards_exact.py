"""The exact mode on one worker: what it computes, what it leaves alone, what it refuses."""

import random

import numpy as np
import pytest

from daybreak.base.errors import UsageError

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.utils.checkpoint import checkpoint  # noqa: E402

import daybreak  # noqa: E402
from daybreak.train.shards import buckets  # noqa: E402
from daybreak.train.shards.exact import Exact  # noqa: E402
from daybreak.train.shards.exchange import Exchange  # noqa: E402


@pytest.fixture
def linear():
    torch.manual_seed(0)
    return nn.Linear(3, 2)


@pytest.fixture
def norm():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2))


X = torch.randn(16, 3, generator=torch.Generator().manual_seed(1))


def squares(model):
    return lambda x: model(x).square().mean()


def test_without_norms_and_chance_it_is_the_mean_gradient(linear):
    loss = daybreak.sharded(linear, shards=4).step(squares(linear), X)
    got = [parameter.grad.clone() for parameter in linear.parameters()]
    linear.zero_grad()
    whole = squares(linear)(X)
    whole.backward()
    torch.testing.assert_close(got, [parameter.grad for parameter in linear.parameters()])
    torch.testing.assert_close(loss, whole.detach())


def test_gradients_that_are_there_are_added_to(linear):
    trainer = daybreak.sharded(linear, shards=2)
    trainer.step(squares(linear), X)
    once = [parameter.grad.clone() for parameter in linear.parameters()]
    trainer.step(squares(linear), X)
    torch.testing.assert_close([parameter.grad for parameter in linear.parameters()], [2 * one for one in once])


def test_a_shard_computed_in_pieces_has_the_same_mean(linear):
    whole = daybreak.sharded(linear, shards=2).step(squares(linear), X)
    one = linear.weight.grad.clone()
    linear.zero_grad()
    pieces = daybreak.sharded(linear, shards=2, accumulate=4).step(squares(linear), X)
    torch.testing.assert_close((pieces, linear.weight.grad), (whole, one))


def test_shards_draw_from_streams_of_their_own_and_leave_the_process_s_alone(linear):
    drawn = []

    def draws(x):
        drawn.append((random.random(), np.random.rand(), torch.rand(()).item()))  # noqa: NPY002 (users' code does)
        return squares(linear)(x)

    def states():
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002

    before = states()
    trainer = daybreak.sharded(linear, shards=4, seed=5)
    trainer.step(draws, X)
    trainer.step(draws, X)
    assert states() == before
    assert len(set(drawn)) == 8
    again = daybreak.sharded(linear, shards=4, seed=5)
    again.load_state_dict({"steps": 1})
    again.step(draws, X)
    assert drawn[8:] == drawn[4:8]


def test_the_final_buffers_are_the_mean_of_the_shards(norm):
    trainer = daybreak.sharded(norm, shards=4)
    trainer.step(squares(norm), X)
    trainer.eval()
    hidden = norm[0](X).detach().view(4, 4, 4)
    torch.testing.assert_close(norm[1].running_mean, 0.1 * hidden.mean((0, 1)))
    torch.testing.assert_close(norm[1].running_var, 0.9 + 0.1 * hidden.var(1).mean(0))
    assert norm[1].num_batches_tracked == 1
    assert not norm.training
    assert trainer.state_dict()["buffers"]["1.running_mean"].shape == (4, 4)


def test_sets_of_buffers_come_back(norm):
    trainer = daybreak.sharded(norm, shards=4)
    trainer.step(squares(norm), X)
    state, weights = trainer.state_dict(), {name: value.clone() for name, value in norm.state_dict().items()}
    trainer.train()
    trainer.step(squares(norm), X)
    expected = trainer.state_dict()
    norm.load_state_dict(weights)
    norm.zero_grad()
    again = daybreak.sharded(norm, shards=4)
    again.load_state_dict(state)
    again.step(squares(norm), X)
    torch.testing.assert_close(again.state_dict(), expected, rtol=0, atol=0)


def test_evaluating_before_the_buffers_are_final_is_refused(norm):
    trainer = daybreak.sharded(norm, shards=2)
    trainer.step(squares(norm), X)
    norm.eval()
    with pytest.raises(UsageError, match=r"call trainer\.eval\(\)"):
        norm(X)
    trainer.eval()
    norm(X)


def test_a_parameter_without_a_part_in_the_loss_counts_as_zero(linear):
    linear.spare = nn.Parameter(torch.ones(2))
    daybreak.sharded(linear, shards=2).step(squares(linear), X)
    assert linear.spare.grad.tolist() == [0.0, 0.0]


def test_parameters_may_be_frozen_on_the_way(linear):
    trainer = daybreak.sharded(linear, shards=2)
    trainer.step(squares(linear), X)
    linear.zero_grad()
    linear.bias.requires_grad_(False)
    trainer.step(squares(linear), X)
    assert linear.bias.grad is None
    assert linear.weight.grad is not None


def test_an_error_in_the_middle_leaves_the_model_usable(norm):
    trainer = daybreak.sharded(norm, shards=2)
    calls = []

    def fails(x):
        calls.append(x)
        if len(calls) == 2:
            raise ValueError("mine")
        return squares(norm)(x)

    own = norm[1].running_mean
    with pytest.raises(ValueError, match="mine"):
        trainer.step(fails, X)
    assert norm[1].running_mean is own
    assert trainer.steps == 0


class Counting(nn.Linear):
    """Has a buffer that training changes and no norm layer knows of."""

    def __init__(self):
        super().__init__(3, 2)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        self.seen += len(x)
        return super().forward(x)


def test_a_buffer_that_changes_must_be_named():
    model = Counting()
    with pytest.raises(
        UsageError, match=r"'seen' was changed and is not: daybreak\.sharded\(\.\.\., buffers=\['seen'\]\)"
    ):
        daybreak.sharded(model, shards=2).step(squares(model), X)
    model = Counting()
    trainer = daybreak.sharded(model, shards=2, buffers=["seen"])
    trainer.step(squares(model), X)
    assert trainer.state_dict()["buffers"]["seen"].tolist() == [8.0, 8.0]


def test_a_gradient_that_comes_twice_is_refused_unless_nothing_leaves_early(monkeypatch):
    monkeypatch.setattr(buckets, "LARGEST", 1)  # byte: each parameter leaves by itself
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))

    def twice(x):
        for _ in range(2):  # the same layers in two segments, each with a backward pass of its own
            x = checkpoint(model, x, use_reentrant=True)
        return x.square().mean()

    with pytest.raises(
        UsageError, match=r"got it again .*use_reentrant=False, or daybreak\.sharded\(\.\.\., overlap=False\)"
    ):
        daybreak.sharded(model, shards=2).step(twice, X.clone().requires_grad_())
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    daybreak.sharded(model, shards=2, overlap=False).step(twice, X.clone().requires_grad_())
    got = model[0].weight.grad.clone()
    model.zero_grad()
    twice(X.clone().requires_grad_()).backward()
    torch.testing.assert_close(got, model[0].weight.grad)


def test_refusals(linear):
    trainer = daybreak.sharded(linear, shards=8)
    with pytest.raises(UsageError, match="cut into 8 equal parts, got one of 12 rows"):
        trainer.step(squares(linear), X[:12])
    with pytest.raises(UsageError, match=r"must be its mean loss, a scalar tensor with a gradient, got shape \(2, 2\)"):
        trainer.step(linear, X)
    with pytest.raises(UsageError, match=r"shards must be as in the checkpoint.*it has 4, got shards=8"):
        trainer.load_state_dict({"shards": 4, "steps": 1})
    with pytest.raises(UsageError, match="accumulate >= 1"):
        daybreak.sharded(linear, accumulate=0)
    with pytest.raises(UsageError, match="got one without"):
        daybreak.sharded(nn.ReLU())
    with pytest.raises(UsageError, match="must name buffers of the model, got 'no'; it has none"):
        daybreak.sharded(linear, buffers=["no"])
    with pytest.raises(UsageError, match="got 3 workers: take 2 or 4"):
        Exact(linear, Exchange(0, 3), shards=8, seed=0)
    sparse = nn.Embedding(4, 2, sparse=True)
    with pytest.raises(UsageError, match="got a sparse one"):
        daybreak.sharded(sparse, shards=2).step(squares(sparse), torch.tensor([0, 1, 2, 3]))
