"""What cannot be meant is refused before anything starts: one message, exit code 2, no experiment."""

import json

import pytest
from bad_input import SPACE, serving

FAULTY = """name: x
run: train:main
space:
  lr: {log: [1.0, 0.1]}
  width: {choise: [1, 2]}
objectiv: {maximize: acc}
search: {method: ashaa, max_units: abc}
"""


@pytest.fixture(scope="module")
def daybreak(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("files")) as made:
        made.write("faulty.yaml", FAULTY)
        made.write("unclosed.yaml", "run: [train\n")
        made.write("empty.yaml", "")
        made.write("train.py", "def main(run): ...\n")
        (made.folder / "bytes.yaml").write_bytes(b"\xff\xfe")
        (made.folder / "folder.yaml").mkdir()
        yield made
        assert "no experiment yet" in made("ls", code=0).out  # nothing was handed in


def test_all_faults_of_a_file_are_shown_with_their_places(daybreak):
    said = daybreak("run", "faulty.yaml", code=2)
    assert said.err.startswith("error: 6 faults\n")
    assert (
        "`low <= high` must hold, got low=1.0, high=0.1 (faulty.yaml:4:13)\n  4 |   lr: {log: [1.0, 0.1]}\n" in said.err
    )
    assert "    |             ^\n" in said.err
    assert "there is no kind of domain `choise`; did you mean `choice`? (faulty.yaml:5:11)" in said.err
    assert "unknown key `objectiv`; did you mean `objective`? (faulty.yaml:6:1)" in said.err
    assert "there is no method `ashaa`; did you mean `asha`? (faulty.yaml:7:18)" in said.err
    assert "`search.max_units` must be a number, got 'abc' (faulty.yaml:7:36)" in said.err


def test_programs_get_the_faults_as_data(daybreak):
    told = json.loads(daybreak("run", "faulty.yaml", "--json", code=2).err)
    assert told["error"] == "SpecError"
    assert len(told["faults"]) == 6
    assert {"source": "faulty.yaml", "line": 4, "column": 13}.items() <= told["faults"][1].items()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("faulti.yaml", "there is no file faulti.yaml; did you mean faulty.yaml?"),
        ("nowhere/x.yaml", "there is no file nowhere/x.yaml: there is no folder nowhere"),
        ("folder.yaml", "folder.yaml is a folder, not an experiment file; it holds no .yaml file"),
        ("unclosed.yaml", "not YAML: this bracket is not closed, or a comma is missing in it (unclosed.yaml:1:6)"),
        ("empty.yaml", "an experiment file has at least `run` and `objective`, got nothing"),
        ("bytes.yaml", "an experiment file is text in UTF-8, bytes.yaml is not"),
        ("train.py", "train.py is a script: name its function (daybreak run train:main ...), or run it unedited"),
    ],
)
def test_a_file_that_is_none_is_named_with_what_to_do(daybreak, name, words):
    said = daybreak("run", name, code=2)
    assert said.err.startswith(f"error: {words}")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--budget", "0 trials", "train:main"], "`budget.trials` must be at least 1, got 0"),
        (["--budget", "2 units", "train:main"], "a budget pays for at least one trial: `max_units <= units` must hold"),
        (["--method", "ashha", "train:main"], "there is no method `ashha`; did you mean `asha`?"),
        (["--sampler", "densty", "train:main"], "there is no sampler `densty`; did you mean `density`?"),
        (["--metrics", "(?P<acc", "--", "python", "train.py"], "`metrics` is a regular expression: missing >"),
        (["--metrics", "[0-9]+", "--", "python", "train.py"], "`metrics` has named groups, one for each metric"),
        (["--", "python", "train.py", "{widht}"], "`{widht}` is no hyperparameter of the space; did you mean `width`?"),
        (["--budgt", "5m", "train:main"], "Unknown option: --budgt. Did you mean --budget?"),
    ],
)
def test_flags_that_cannot_be_meant(daybreak, words, told):
    own, command = (words[: words.index("--")], words[words.index("--") :]) if "--" in words else (words, [])
    assert told in daybreak("run", *own, *SPACE, *command, code=2).err
