"""Training code run by itself: `python train.py --lr 0.01`."""

import re
import subprocess
import sys
import textwrap

import pytest

CODE = '''
"""A toy that learns."""
import random
import daybreak

def prepare():
    return "shared"

def main(run):
    state = {"weight": random.random()}
    run.keep(state=state)
    for epoch in run.epochs(4):
        state["weight"] += run.params.lr * random.random()
        run.report(loss=state["weight"], epoch=epoch)
    print(run.prepared, run.params.augment.noise, run.units, state["weight"])

if __name__ == "__main__":
    daybreak.run(main, lr=0.5, augment={"noise": 0.1})
'''


@pytest.fixture
def train(tmp_path):
    (tmp_path / "train.py").write_text(textwrap.dedent(CODE))

    def run(line=""):
        return subprocess.run(
            [sys.executable, "train.py", *line.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


def test_it_runs_with_its_defaults_and_prints_a_line_per_unit(train):
    done = train()
    *units, last = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in units] == ["1", "2", "3", "4"]
    assert re.fullmatch(r" +1  loss=\d\.\d{4}  epoch=0", units[0])
    assert last.startswith("shared 0.1 4 ")


def test_flags_stand_over_defaults(train):
    assert train("--augment.noise 0.3 --epochs 2").stdout.splitlines()[-1].startswith("shared 0.3 2 ")


def test_a_seed_gives_a_sequence(train):
    assert train("--seed 1").stdout == train("--seed 1").stdout != train("--seed 2").stdout


def test_a_checkpoint_folder_is_gone_on_from_with_the_same_bits(train, tmp_path):
    train("--epochs 2 --checkpoint kept")
    continued = train("--checkpoint kept").stdout.splitlines()
    assert [line.split()[0] for line in continued[:-1]] == ["3", "4"]
    assert continued[-1] == train().stdout.splitlines()[-1]
    assert (
        len([file for file in (tmp_path / "kept").rglob("*") if file.is_file()]) == 2
    )  # the last one, and the note that names it


def test_nothing_is_left_behind_unless_asked(train, tmp_path):
    train()
    assert {path.name for path in tmp_path.iterdir()} <= {"train.py", "__pycache__"}


@pytest.mark.parametrize(
    ("line", "story"),
    [
        ("--lrr 3", "daybreak: there is no flag --lrr: did you mean --lr?\n"),
        ("--lr", "daybreak: --lr needs a value: --lr VALUE\n"),
    ],
)
def test_faults_are_one_line_and_exit_code_2(train, line, story):
    done = train(line)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", story)


def test_a_missing_hyperparameter_says_how_to_give_it(tmp_path):
    (tmp_path / "train.py").write_text(
        "import daybreak\ndef main(run): run.params.width\nif __name__ == '__main__': daybreak.run(main)\n"
    )
    done = subprocess.run(
        [sys.executable, "train.py", "--lr", "1"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no hyperparameter 'width'" in done.stderr
    assert "give it as `--width VALUE`, or as a default: daybreak.run(main, width=VALUE)" in done.stderr


def test_help_tells_what_there_is(train):
    done = train("--help")
    assert done.stdout.startswith("A toy that learns.\n")
    assert "--augment.noise 0.1" in done.stdout


def test_importing_the_module_trains_nothing(train, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "import train"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
