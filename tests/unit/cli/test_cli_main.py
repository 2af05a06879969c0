"""The table of commands, and what becomes of errors."""

import json
import subprocess
import sys

import pytest

from daybreak.cli.main import COMMANDS, main
from daybreak.cli.overview import overview


def run(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return ended.value.code, *capsys.readouterr()


def test_overview_has_every_command_under_its_group_in_order(capsys):
    code, text, _ = run(capsys, "--help")
    assert code == 0
    places = [text.index(f"\n  {name} ") for _, name, _, _ in COMMANDS]
    assert places == sorted(places)
    groups = ["Search", "Look", "Steer", "Take out", "Look after"]
    assert [line for line in text.splitlines() if line in groups] == groups


@pytest.mark.parametrize("words", [[], ["-h"], ["help"]])
def test_other_ways_to_ask_for_it(capsys, words):
    assert run(capsys, *words)[1] == run(capsys, "--help")[1]


def test_overview_folds_long_help(monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    assert max(len(line) for line in overview("about", COMMANDS).splitlines()[3:-2]) <= 50


@pytest.mark.parametrize("name", [name for _, name, _, _ in COMMANDS])
def test_every_command_has_help(capsys, name):
    code, text, _ = run(capsys, name, "--help")
    assert code == 0
    assert f"Usage: daybreak {name}" in text
    assert "default: ()" not in text


@pytest.mark.parametrize("name", [n for _, n, w, _ in COMMANDS if not w.endswith(":app")])
def test_every_command_prints_json(capsys, name):
    assert "--json" in run(capsys, name, "--help")[1]


def test_a_command_that_does_not_exist(capsys):
    code, _, said = run(capsys, "shwo")
    assert code == 2
    assert 'Did you mean "show"?' in said
    assert "daybreak --help" in said


def test_an_option_that_was_left_out_is_asked_for_and_told(capsys):
    code, _, said = run(capsys, "model", "register", "1")
    assert code == 2
    assert "daybreak model register needs --name. The model's name, such as digits." in " ".join(said.split())
    _, _, said = run(capsys, "model", "register", "1", "--name")
    assert "--name requires an argument" in " ".join(said.split())


def test_an_argument_that_stands_by_its_place_is_named_as_the_help_names_it(capsys):
    _, _, said = run(capsys, "deploy")
    assert "daybreak deploy needs REFERENCE. NAME@ALIAS" in said
    _, _, said = run(capsys, "model", "alias", "digits@2")
    assert "daybreak model alias needs ALIAS." in said
    assert "Usage: daybreak model alias [OPTIONS] MODEL ALIAS" in run(capsys, "model", "alias", "--help")[1]


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (("model", "alias", "digits@2"), "daybreak model alias --help"),
        (("model", "alias", "a", "b", "c"), "daybreak model alias --help"),
        (("monitor", "windows", "x", "--days", "z"), "daybreak monitor windows --help"),
        (("model", "shwo"), "daybreak model --help"),
    ],
)
def test_wrong_use_points_to_the_help_of_the_command_itself(capsys, words, about):
    code, _, said = run(capsys, *words)
    assert (code, said.split("See: ")[-1].strip()) == (2, about)


def test_errors_as_json_unless_the_json_belongs_to_the_users_command(capsys):
    code, output, said = run(capsys, "compare", "1.1", "--json")
    assert (code, output) == (2, "")
    assert json.loads(said)["error"] == "UsageError"
    code, _, said = run(capsys, "plan", "--budget", "nonsense", "--", "python", "train.py", "--json")
    assert code == 2
    assert not said.startswith("{")


def test_help_imports_no_parser_and_no_model():
    """What is not imported costs nothing: the library of the command line, and pydantic even for `run --help`."""
    text = (
        "import sys\nfrom daybreak.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(*(m for m in ('cyclopts', 'rich', 'pydantic', 'msgspec', 'numpy', 'torch') if m in sys.modules), file=sys.stderr)"
    )

    def imported(*words):
        return subprocess.run(
            [sys.executable, "-c", text, *words], capture_output=True, text=True, check=True
        ).stderr.split()

    assert imported("--help") == []
    assert imported("run", "--help") == ["cyclopts", "rich"]


EVERY_COMMAND_WITHOUT_EXTRAS = """
import importlib, pathlib, sys
import daybreak.cli.commands as commands
for name in ("cryptography", "httptools", "onnx", "onnxruntime", "pandas", "PIL", "pyarrow", "sklearn", "skops", "starlette", "torch"):
    sys.modules[name] = None
for file in sorted(pathlib.Path(commands.__file__).parent.glob("*.py")):
    importlib.import_module(f"daybreak.cli.commands.{file.stem}")
    print(file.stem)
"""


def test_every_command_can_be_called_with_the_base_install_alone():
    """What a command needs beyond it is asked for, and told by its name, when it is used."""
    done = subprocess.run(
        [sys.executable, "-c", EVERY_COMMAND_WITHOUT_EXTRAS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-1500:]
    assert {"gate", "model", "deploy", "batch", "edge"} <= set(done.stdout.split())
