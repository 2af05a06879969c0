"""Hyperparameters from a command line, off the platform."""

import pytest

from daybreak.base.errors import UsageError
from daybreak.train.flags import flat, help_text, read_flags

DEFAULTS = {"lr": 0.1, "width": 32, "optimizer": "sgd", "bias": True, "augment.noise": 0.0}


def read(line, defaults=DEFAULTS):
    return read_flags(line.split(), defaults)


def test_flags_stand_over_defaults():
    flags = read("--lr 1e-3 --optimizer=1 --augment.noise .5 --bias false")
    assert flags.point == {"lr": 0.001, "width": 32, "optimizer": "1", "bias": False, "augment.noise": 0.5}


def test_hyperparameters_without_a_default_may_be_given():
    assert read("--momentum 0.9 --name deep").point["momentum"] == 0.9
    assert read("--momentum 0.9 --name deep").point["name"] == "deep"


def test_options_are_not_hyperparameters_unless_declared():
    flags = read("--seed 3 --epochs 5 --checkpoint out")
    assert (flags.seed, flags.epochs, flags.checkpoint, flags.point) == (3, 5, "out", DEFAULTS)
    assert read("--seed 3", {"seed": 0}).point == {"seed": 3}


def test_dashes_in_names_are_underscores():
    assert read("--weight-decay 0.1", {"weight_decay": 0.0}).point == {"weight_decay": 0.1}


@pytest.mark.parametrize(
    ("line", "story"),
    [
        ("--widht 3", "no flag --widht: did you mean --width?"),
        ("--lr", "--lr needs a value"),
        ("lr 3", "flags are --NAME VALUE, got 'lr'"),
        ("--lr high", "--lr takes a value like 0.1, got 'high'"),
        ("--epochs many", "--epochs takes a whole number, got 'many'"),
    ],
)
def test_faults_are_told(line, story):
    with pytest.raises(UsageError, match=story):
        read(line)


def test_nested_defaults_become_dotted_names():
    assert dict(flat({"lr": 1, "augment": {"noise": 2, "shift": {"most": 3}}})) == {
        "lr": 1,
        "augment.noise": 2,
        "augment.shift.most": 3,
    }


def test_help_lists_hyperparameters_and_options():
    text = help_text("Digits.\n\nMore.", DEFAULTS)
    assert text.startswith("Digits.\n")
    assert '--optimizer "sgd"' in text
    assert "--checkpoint: a folder" in text
