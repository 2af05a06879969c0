"""Hyperparameters as user code reads them."""

import pickle

import pytest

from daybreak.base.errors import UsageError
from daybreak.train.params import Params, UnknownParameter

POINT = {"lr": 0.1, "augment.noise": 0.05, "augment.shift.most": 3, "optimizer": "sgd"}


@pytest.fixture
def params():
    return Params(POINT)


def test_by_attribute_by_item_and_nested(params):
    assert params.lr == params["lr"] == 0.1
    assert params.augment.noise == params["augment.noise"] == params["augment"]["noise"] == 0.05
    assert params.augment.shift.most == 3


def test_as_a_mapping_its_names_are_flat(params):
    assert dict(params) == POINT
    assert dict(params.augment) == {"noise": 0.05, "shift.most": 3}
    assert "augment.noise" in params
    assert len(params) == 4


def test_what_a_condition_left_out_has_a_default(params):
    assert params.get("momentum", 0.9) == 0.9
    assert not hasattr(params, "momentum")


@pytest.mark.parametrize("ask", [lambda params: params.lrr, lambda params: params["lrr"]])
def test_a_slip_of_the_pen_is_explained(params, ask):
    with pytest.raises(UnknownParameter) as raised:
        ask(params)
    assert "no hyperparameter 'lrr' (did you mean 'lr'?)" in str(raised.value)
    assert "it has lr, augment.noise, augment.shift.most, optimizer" in str(raised.value)
    assert 'run.params.get("lrr", DEFAULT)' in str(raised.value)


def test_a_nested_slip_is_named_in_full(params):
    with pytest.raises(UnknownParameter, match=r"'augment\.nois' \(did you mean 'noise'"):
        _ = params.augment.nois


def test_it_is_read_only(params):
    with pytest.raises(UsageError, match="read-only, tried to set lr = 3"):
        params.lr = 3


def test_it_can_be_printed_and_pickled(params):
    assert repr(params).startswith("Params(lr=0.1, ")
    assert pickle.loads(pickle.dumps(params)) == params
