"""The command line's shorthand."""

import pytest

from daybreak.base.errors import SpecError, UsageError
from daybreak.spec.domains import Choice, Constant, Int, Log, Uniform
from daybreak.spec.inline import build, override, parse_budget, parse_point, parse_space


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("lr=log:1e-4..1e-1", {"log": [1e-4, 1e-1]}),
        ("width=16,32,64", {"choice": [16, 32, 64]}),
        ("n=int:1..8", {"int": [1, 8]}),
        ("n=int:-8..8:2", {"int": [-8, 8], "step": 2}),
        ("n=int:1..512:log:count=4", {"int": [1, 512], "log": True, "count": 4}),
        ("d=uniform:0..0.5", {"uniform": [0, 0.5]}),
        ("d=uniform:0..0.5:0.1", {"uniform": [0, 0.5], "step": 0.1}),
        ("m=uniform:0..0.99 if optimizer == 'sgd'", {"uniform": [0, 0.99], "when": "optimizer == 'sgd'"}),
        ("epochs=30", 30),
        ("epochs=30 if long", {"constant": 30, "when": "long"}),
        ("a=true,null,x,'16'", {"choice": [True, None, "x", "16"]}),
        ("a=choice:16", {"choice": [16]}),
        ("url=http://x/y", "http://x/y"),
    ],
)
def test_hyperparameters(text, domain):
    assert parse_space(text) == (text.partition("=")[0], domain)


@pytest.mark.parametrize("text", ["lr", "lr=", "=3", "lr=1..2", "lr=lgo:1..2", "lr=log:1", "lr=int:a..b", "w=1,,2"])
def test_what_is_no_hyperparameter(text):
    with pytest.raises(UsageError):
        parse_space(text)


def test_points_and_budgets():
    assert parse_point("lr=0.01, name='a,b'") == {"lr": 0.01, "name": "a,b"}
    assert parse_budget("5m") == {"wall": 300}
    with pytest.raises(UsageError, match="a budget is written like"):
        parse_budget("soon")


COMMAND = ["python", "train.py", "--lr", "{lr}", "--width", "{width}"]
FLAGS = {"space": ["lr=log:1e-4..1e-1", "width=16,32,64"], "maximize": "accuracy", "budget": "5m"}


def test_a_command_and_flags_make_an_experiment():
    spec = build(COMMAND, FLAGS | {"max_units": 9, "seed": 3, "baseline": "0.1", "slots": 2}, folder="/work")
    assert spec.name == "train"
    assert spec.run == tuple(COMMAND)
    assert spec.folder == "/work"
    assert spec.space == {"lr": Log(low=1e-4, high=1e-1), "width": Choice(options=(16, 32, 64))}
    assert spec.objectives[0].metric == "accuracy"
    assert (spec.budget.wall, spec.search.max_units, spec.seed) == (300, 9, 3)
    assert (spec.baseline.value, spec.resources.slots) == (0.1, 2)


def test_a_function_and_flags_make_an_experiment():
    flags = {"minimize": "loss,time", "space": ["n=int:1..8"], "points": ["n=3"], "constraints": ["n != 5"]}
    spec = build("train:main", flags, folder="/work")
    assert spec.run == "train:main"
    assert [(o.metric, o.direction) for o in spec.objectives] == [("loss", "minimize"), ("time", "minimize")]
    assert spec.points == ({"n": 3},)
    assert spec.constraints == ("n != 5",)


def test_every_fault_names_its_flag():
    flags = {
        "space": ["lr=log:1..0", "widht=16,32", "x", "drop=uniform:0..1 if lrr > 2"],
        "budget": "5 parsecs",
        "max_units": 0,
        "method": "ashaa",
    }
    with pytest.raises(SpecError) as caught:
        build(COMMAND, flags, folder="/work")
    assert str(caught.value) == (
        "8 faults\n"
        "a hyperparameter is written like `lr=log:1e-4..1e-1`, `n=int:1..8`, `width=16,32,64` or `epochs=30`, got 'x' (--space x)\n"
        "a budget is written like `5m` (wall time), `27 trials`, `500 units`, `0.5 slot-hours`, `3 money`, got '5 parsecs' "
        "(--budget '5 parsecs')\n"
        "name what is searched for: `--maximize METRIC` or `--minimize METRIC` (command line)\n"
        "`search.max_units` must be at least 1, got 0 (--max-units 0)\n"
        "`low <= high` must hold, got low=1.0, high=0.0 (--space lr=log:1..0)\n"
        "`lrr` is no hyperparameter of the space; did you mean `lr`? (--space 'drop=uniform:0..1 if lrr > 2')\n"
        "`{width}` is no hyperparameter of the space; did you mean `widht`? "
        "(python train.py --lr {lr} --width {width})\n"
        "there is no method `ashaa`; did you mean `asha`? (--method ashaa)"
    )


def test_flags_change_a_file():
    spec = build(COMMAND, FLAGS, folder="/work")
    changed = override(
        spec,
        {"space": ["lr=0.1,0.2", "drop=0.5"], "minimize": "loss", "budget": "3 trials", "points": ["lr=0.1,width=16"]},
    )
    assert changed.space == {
        "lr": Choice(options=(0.1, 0.2)),
        "width": Choice(options=(16, 32, 64)),
        "drop": Constant(value=0.5),
    }
    assert changed.objectives[0].metric == "loss"
    assert (changed.budget.wall, changed.budget.trials) == (None, 3)
    assert changed.points == ({"lr": 0.1, "width": 16, "drop": 0.5},)
    assert override(spec, {}) == spec


def test_a_flag_that_does_not_fit_the_file():
    spec = build("train:main", {"maximize": "acc", "space": ["n=int:1..8"], "points": ["n=7"]}, folder="/work")
    with pytest.raises(SpecError) as caught:
        override(spec, {"space": ["n=int:1..4"]})
    assert str(caught.value) == "`n` lies in [1, 4], got 7 (experiment file: points[0].n)"
    assert isinstance(override(spec, {"space": ["n=uniform:0..9"]}).space["n"], Uniform)
    assert override(spec, {"space": ["n=int:1..9"]}).space["n"] == Int(low=1, high=9)
