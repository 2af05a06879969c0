"""State taken out of objects and put back in place, object by object."""

import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.linear_model import SGDClassifier

from daybreak.base.errors import UsageError
from daybreak.train.codec import decode, encode
from daybreak.train.kept import holder
from daybreak.train.states import by_pickle


def put_back(value, change):
    """Save, change, restore (through bytes, as a checkpoint does)."""
    save, load = holder("it", value)
    data = bytearray(b"".join(map(bytes, encode(save()).chunks())))
    change(value)
    load(decode(data))
    return value


def carry(trained, fresh):
    """What was saved of one, restored into the other, through bytes."""
    data = bytearray(b"".join(map(bytes, encode(holder("it", trained)[0]()).chunks())))
    holder("it", fresh)[1](decode(data))


class Counter:
    """Something of the user's own."""

    def __init__(self):
        self.seen, self.weights = [], None


def test_modules_and_optimizers():
    model = torch.nn.Linear(2, 2)
    before = model.weight.detach().clone()
    put_back(model, lambda model: torch.nn.init.zeros_(model.weight))
    assert torch.equal(model.weight, before)


def test_dicts_and_lists_keep_their_identity():
    seen = {"best": 0.5, 3: [1]}
    assert put_back(seen, lambda seen: seen.update(best=1, more=2)) == {"best": 0.5, 3: [1]}
    assert put_back([1, 2], list.clear) == [1, 2]


def test_arrays_and_tensors():
    weights = np.arange(4.0)
    put_back(weights, lambda weights: weights.fill(0))
    assert weights.tolist() == [0, 1, 2, 3]
    parameter = torch.ones(3, requires_grad=True)
    put_back(parameter, lambda parameter: parameter.detach().zero_())
    assert parameter.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("generator", "draw"),
    [
        (random.Random(1), lambda rng: rng.random()),
        (np.random.default_rng(1), lambda rng: rng.random()),
        (np.random.RandomState(1), lambda rng: rng.random_sample()),
        (torch.Generator().manual_seed(1), lambda rng: torch.rand((), generator=rng).item()),
    ],
)
def test_random_generators_go_on_where_they_were(generator, draw):
    draw(generator)
    drawn = []
    put_back(generator, lambda rng: drawn.append(draw(rng)))
    assert draw(generator) == drawn[0]


def test_estimators_are_restored_in_place_and_train_on():
    x, y = np.eye(6), [0, 1] * 3
    model = SGDClassifier(random_state=0).partial_fit(x, y, classes=[0, 1])
    before, coefficients = model.coef_.copy(), model
    put_back(model, lambda model: model.partial_fit(x, y))
    assert model is coefficients
    assert np.array_equal(model.coef_, before)
    model.partial_fit(x, y)


def test_an_object_fresh_from_its_constructor_takes_the_state_of_a_trained_one():
    trained = SGDClassifier(random_state=0).partial_fit(np.eye(4), [0, 1, 0, 1], classes=[0, 1])
    fresh = SGDClassifier(random_state=0)
    carry(trained, fresh)
    assert np.array_equal(fresh.coef_, trained.coef_)


def test_a_pair_of_functions_does_what_it_does():
    place = SimpleNamespace(value=1)
    put = lambda state: setattr(place, "value", state)
    save, load = holder("it", (lambda: place.value, put))
    state, place.value = save(), 5
    load(state)
    assert place.value == 1


@pytest.mark.parametrize("value", [3, "text", None, (1, 2), len, dict])
def test_what_has_no_state_to_put_back_is_refused(value):
    with pytest.raises(
        UsageError, match=r"run\.keep\(step=\.\.\.\) takes something whose state can be put back in place"
    ):
        holder("step", value)


def test_another_class_than_was_saved_is_refused():
    with pytest.raises(UsageError, match=r"must be restored into a .*Counter, there is a .*SGDClassifier here"):
        carry(Counter(), SGDClassifier())


def test_an_object_of_the_users_own_is_stored_by_its_attributes_and_restored_in_place():
    counter, fresh = Counter(), Counter()
    counter.seen, counter.weights = [1, 2], np.arange(3.0)
    alias = fresh.seen
    carry(counter, fresh)
    assert (fresh.seen, fresh.weights.tolist()) == ([1, 2], [0.0, 1.0, 2.0])
    assert alias == []


@pytest.mark.parametrize("make", [torch.nn.Linear, lambda n, m: np.zeros((n, m)), torch.zeros])
def test_another_shape_is_told_with_both_shapes(make):
    with pytest.raises(UsageError, match=r"has shape \(.*\) here and \(.*\) in the checkpoint"):
        carry(make(2, 3), make(4, 3))


def test_another_layer_is_told_by_its_name():
    with pytest.raises(UsageError, match=r"1\.bias"):
        carry(
            torch.nn.Sequential(torch.nn.Linear(2, 2)),
            torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)),
        )


class Opaque:
    """Its state is not in its `__dict__`."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return Opaque, (self.value,)


def test_nothing_is_pickled_unless_it_is_asked_for_by_name():
    with pytest.raises(UsageError, match=r"daybreak\.by_pickle"):
        encode({"it": Opaque(3)})
    kept = by_pickle(Opaque(3))
    fresh = by_pickle(Opaque(0))
    carry(kept, fresh)
    assert fresh.value.value == 3


def test_a_pickle_is_not_opened_for_whoever_did_not_ask():
    with pytest.raises(UsageError, match="a pickle may run any code"):
        carry(by_pickle({"a": 1}), {"a": 2})
