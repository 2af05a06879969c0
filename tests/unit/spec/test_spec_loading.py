"""What users may write, and what it is resolved to."""

import textwrap

import pytest

from daybreak.base.errors import SpecError
from daybreak.spec.domains import Choice, Constant, Int, Log, Uniform
from daybreak.spec.loading import from_mapping, load
from daybreak.spec.models import Baseline, Budget, Confirm, Objective, Resources, Search

EXAMPLE = """\
name: spoken-digits
run: train:main                 # or a command with {placeholders}
space:
  lr:        {log: [1e-4, 1e-1]}
  width:     {choice: [16, 32, 64]}
  layers:    {int: [1, 4]}
  optimizer: {choice: [sgd, adamw]}
  momentum:  {uniform: [0.0, 0.99], when: "optimizer == 'sgd'"}
  augment:   {noise: {uniform: [0, 0.1]}, shift: {int: [0, 20]}}      # nested
constraints: ["width * layers <= 128"]
objective: {maximize: val_accuracy}
search:    {method: asha, max_units: 27, reduction: 3, sampler: tpe}
budget:    {slot_hours: 0.5}    # and/or trials, units, wall, money with a price per slot-hour
resources: {slots: 1}
seed: 7
"""


def read(text, **options):
    return load(textwrap.dedent(text), source="exp.yaml", folder="/project", **options)


def made(**keys):
    return from_mapping({"run": "train:main", "objective": {"maximize": "acc"}, **keys}, folder="/project")


def messages(**keys):
    with pytest.raises(SpecError) as caught:
        made(**keys)
    return [fault.message for fault in caught.value.faults]


def test_a_whole_file():
    spec = read(EXAMPLE)
    assert spec.name == "spoken-digits"
    assert spec.run == "train:main"
    assert not spec.is_command
    assert spec.folder == "/project"
    assert spec.space == {
        "lr": Log(low=1e-4, high=1e-1),
        "width": Choice(options=(16, 32, 64)),
        "layers": Int(low=1, high=4),
        "optimizer": Choice(options=("sgd", "adamw")),
        "momentum": Uniform(low=0.0, high=0.99, when="optimizer == 'sgd'"),
        "augment.noise": Uniform(low=0, high=0.1),
        "augment.shift": Int(low=0, high=20),
    }
    assert spec.constraints == ("width * layers <= 128",)
    assert spec.objectives == (Objective(metric="val_accuracy", direction="maximize"),)
    assert spec.search == Search(method="asha", max_units=27, reduction=3, sampler="tpe")
    assert spec.budget == Budget(slot_hours=0.5)
    assert spec.seed == 7


def test_a_constraint_over_a_name_that_nobody_declared_is_a_fault():
    without_layers = EXAMPLE.replace("  layers:    {int: [1, 4]}\n", "")
    with pytest.raises(SpecError) as caught:
        read(without_layers)
    (fault,) = caught.value.faults
    assert fault.message.startswith("`layers` is no hyperparameter of the space")
    assert (fault.place.line, fault.place.column) == (9, 24)
    assert fault.path == "constraints[0]"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("5m", Budget(wall=300)),
        ("27 trials, 500 units", Budget(trials=27, units=500)),
        ("0.5 slot-hours,1h30m", Budget(slot_hours=0.5, wall=5400)),
        ({"slot_hours": 0.5, "wall": "10m"}, Budget(slot_hours=0.5, wall=600)),
        ({"money": 3, "price_per_slot_hour": 1.5}, Budget(money=3, price_per_slot_hour=1.5)),
        (None, Budget()),
    ],
)
def test_budgets(written, expected):
    assert made(budget=written).budget == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("train:main", "train:main"),
        ("pkg.train:Model.fit", "pkg.train:Model.fit"),
        ("python train.py --lr {lr}", ("python", "train.py", "--lr", "{lr}")),
        ("python train.py 'two words'", ("python", "train.py", "two words")),
        ("./train.sh", ("./train.sh",)),
        (["python", "train.py", 3], ("python", "train.py", "3")),
    ],
)
def test_run_is_a_function_or_a_command(written, expected):
    assert made(run=written, space={"lr": 0.1}).run == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (0.1, Baseline(value=0.1)),
        ("train:majority", Baseline(run="train:majority")),
        ({"run": "python base.py"}, Baseline(run=("python", "base.py"))),
        (None, None),
    ],
)
def test_baselines(written, expected):
    assert made(baseline=written).baseline == expected


def test_sections_by_their_main_value():
    spec = made(search="random", resources=2, retry=3, confirm=True, constraints="a < 2", space={"a": 1})
    assert spec.search.method == "random"
    assert spec.resources == Resources(slots=2)
    assert spec.retry.attempts == 3
    assert spec.confirm == Confirm()
    assert spec.constraints == ("a < 2",)


def test_sizes_and_durations():
    spec = made(resources={"memory": "2GiB"}, disk_cap="1.5GB", retry={"stalled_after": "90s"}, checkpoint_every="5m")
    assert spec.resources.memory == 2 * 1024**3
    assert spec.disk_cap == 1_500_000_000
    assert spec.retry.stalled_after == 90
    assert spec.checkpoint_every == 300


def test_several_objectives():
    spec = made(objective=[{"maximize": "acc"}, {"minimize": "latency"}])
    assert [(o.metric, o.direction) for o in spec.objectives] == [("acc", "maximize"), ("latency", "minimize")]


def test_groups_nest_at_any_depth_and_share_a_condition():
    spec = read("""\
        run: train:main
        objective: {maximize: acc}
        space:
          kind: {choice: [a, b]}
          head:
            when: kind == 'a'
            size: 3
            drop: {rate: {uniform: [0, 1], when: head.size > 2}}
    """)
    assert spec.space["head.size"] == Constant(value=3, when="kind == 'a'")
    assert spec.space["head.drop.rate"].when == "(kind == 'a') and (head.size > 2)"


def test_yaml_is_read_as_version_1_2():
    spec = read("""\
        run: train:main
        objective: {maximize: acc}
        space:
          lr: {log: [1e-4, 1E+1]}
          answer: {choice: [yes, on, true, 010, 0x10, "1", 1:30, ~, 2026-11-20]}
    """)
    assert spec.space["lr"] == Log(low=1e-4, high=10.0)
    assert spec.space["answer"].options == ("yes", "on", True, 10, 16, "1", "1:30", None, "2026-11-20")


def test_queued_points_may_nest_and_get_their_constants():
    spec = made(
        space={"lr": {"log": [1e-4, 1]}, "augment": {"noise": {"uniform": [0, 1]}}, "epochs": 30},
        points=[{"augment": {"noise": 0.5}, "lr": 0.1}],
    )
    assert spec.points == ({"lr": 0.1, "augment.noise": 0.5, "epochs": 30},)
    assert list(spec.points[0]) == list(spec.space)


@pytest.mark.parametrize(
    ("run", "source", "name"),
    [
        ("train:main", "digits.yaml", "digits"),
        ("train:main", "<python>", "train"),
        ("pkg.My_Net:main", "<python>", "my-net"),
        ("python -u scripts/train_cnn.py --lr {lr}", "<stdin>", "train-cnn"),
        ("./3.17 {lr}", "<python>", "experiment-3-17"),
    ],
)
def test_default_names(run, source, name):
    text = f"run: {run}\nobjective: {{maximize: acc}}\nspace: {{lr: 0.1}}\n"
    assert load(text, source=source, folder="/project").name == name


def test_a_folder_is_relative_to_the_file():
    assert made(folder="../code").folder == "/code"
    assert made(folder="/elsewhere").folder == "/elsewhere"


def test_methods_and_samplers_of_packages_may_be_named():
    assert made(search={"method": "my.package:Searcher"}).search.method == "my.package:Searcher"
    text = "run: train:main\nobjective: {maximize: acc}\nsearch: {method: ours, sampler: theirs}\n"
    spec = read(text, known_methods=["asha", "ours"], known_samplers=["theirs"])
    assert (spec.search.method, spec.search.sampler) == ("ours", "theirs")


def test_python_values_become_plain_data():
    np = pytest.importorskip("numpy")
    spec = made(space={"lr": {"choice": list(np.array([0.5, 1.0]))}, "n": {"int": (np.int64(1), np.int64(3))}})
    assert spec.space == {"lr": Choice(options=(0.5, 1.0)), "n": Int(low=1, high=3)}
    assert messages(space={"f": {"choice": [print]}}) == [
        "a value is a number, text, a list or a mapping, got <built-in function print>"
    ]


def test_faults_of_python_data_name_the_path():
    with pytest.raises(SpecError) as caught:
        made(space={"lr": {"log": [0, 1]}}, serach="asha")
    assert [str(fault) for fault in caught.value.faults] == [
        "`space.lr.low` must be above 0, got 0 (<python>: space.lr.log[0])",
        "unknown key `serach`; did you mean `search`? (<python>: serach)",
    ]


def test_faults_are_plain_data_for_programs():
    with pytest.raises(SpecError) as caught:
        read("run: train:main\nobjective: {maximize: acc}\nseed: x\n")
    assert [fault.as_json() for fault in caught.value.faults] == [
        {"message": "`seed` must be a number, got 'x'", "path": "seed", "source": "exp.yaml", "line": 3, "column": 7}
    ]


def test_a_faulty_domain_is_not_told_again_by_what_depends_on_it():
    told = messages(
        run="python train.py {lr}",
        space={"lr": {"log": [0, 1]}, "a": {"uniform": [0, 1], "when": "lr > 0.1"}},
        constraints=["lr < 0.5"],
        points=[{"lr": 0.2, "a": 0.1}],
    )
    assert told == ["`space.lr.low` must be above 0, got 0"]


@pytest.mark.parametrize("method", ["hyperband", "pbt"])
def test_methods_that_need_a_horizon(method):
    assert messages(search=method) == [f"`{method}` needs `max_units`, the most units of a trial"]
    assert made(search={"method": method, "max_units": 9}).search.max_units == 9


def test_a_budget_of_units_pays_for_one_trial_at_least():
    assert len(messages(search={"max_units": 9}, budget="8 units")) == 1
    assert made(search={"max_units": 9}, budget="9 units").budget.units == 9


@pytest.mark.parametrize("text", ["a: [", "a: {", "a: [1,"])
def test_a_text_that_ends_in_an_open_bracket_speaks_of_no_quote(text):
    with pytest.raises(SpecError, match="a value is missing here: a bracket or brace is not closed"):
        read(text)


def test_a_comma_without_a_value_is_told():
    with pytest.raises(SpecError, match="a value is missing here, or a comma is too many"):
        read("a: [ , 1]")
