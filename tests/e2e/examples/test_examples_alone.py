"""Every example runs by itself, on real data where that is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from needed import EXPERIMENTS, need

from daybreak.spec.loading import load

EXAMPLES = Path(__file__).parents[3] / "examples"
DATA = EXAMPLES.parents[1] / "shared/data"


def run(script, *words, **environment):
    """Its output, with one CPU thread."""
    command = [sys.executable, str(EXAMPLES / script), *words]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def last(output, metric):
    return float(re.findall(rf"\b{metric}=([\d.]+)", output)[-1])


def test_digits_with_scikit_learn():
    assert last(run("digits/train_sklearn.py", "--epochs", "9"), "accuracy") > 0.9


def test_digits_with_torch():
    pytest.importorskip("torch")
    assert last(run("digits/train_torch.py", "--epochs", "9"), "accuracy") > 0.9


def test_spam():
    if not (DATA / "sms/sms.tsv").exists():
        pytest.skip("needs ../shared/data/sms/sms.tsv")
    assert last(run("spam/train.py", "--epochs", "3"), "average_precision") > 0.9


def test_spoken_digits():
    pytest.importorskip("torch")
    if not (DATA / "fsdd/recordings").exists():
        pytest.skip("needs ../shared/data/fsdd/recordings")
    assert last(run("spoken_digits/train.py", "--epochs", "2"), "val_accuracy") > 0.7


@pytest.mark.parametrize(
    ("example", "epochs", "metric", "least"),
    [
        ("huggingface", 2, "eval_accuracy", 0.6), ("jax", 3, "accuracy", 0.85), ("keras", 3, "val_accuracy", 0.5),
        ("lightning", 2, "accuracy", 0.5), ("warm_start", 3, "accuracy", 0.9), ("xgboost", 2, "accuracy", 0.9),
    ],
)  # fmt: skip
def test_adapters(example, epochs, metric, least):
    need(example)
    output = run(f"{example}/train.py", "--epochs", str(epochs), DAYBREAK_SST2="/nowhere")  # sentences are made up
    assert last(output, metric) > least


def test_lightgbm():
    need("lightgbm")
    errors = re.findall(r"best_rmse=([\d.]+)", run("lightgbm/train.py", "--epochs", "4"))
    assert float(errors[-1]) < float(errors[0]) - 5.0


def test_digits_over_shards():
    pytest.importorskip("torch")
    assert last(run("digits/train_shards.py", "--epochs", "3"), "accuracy") > 0.8


@pytest.mark.parametrize(
    ("script", "variable"), [("spoken_digits/train.py", "DAYBREAK_FSDD"), ("spam/train.py", "DAYBREAK_SMS")]
)
def test_missing_data_is_told_in_one_line(script, variable):
    if script.startswith("spoken"):
        pytest.importorskip("torch")
    command = [sys.executable, str(EXAMPLES / script)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, variable: "/nowhere"}, timeout=100
    )
    assert done.returncode == 1
    assert re.fullmatch(rf"no .* /nowhere: set {variable} to .*\n", done.stderr)


def test_the_unedited_script_goes_on_from_its_checkpoint(tmp_path):
    keep = {"DAYBREAK_CHECKPOINT_DIR": str(tmp_path), "DAYBREAK_SEED": "3"}
    whole = run("no_edit/train.py", "--epochs", "4", DAYBREAK_SEED="3")
    assert run("no_edit/train.py", "--epochs", "2", **keep) + run("no_edit/train.py", "--epochs", "4", **keep) == whole
    assert whole.splitlines()[-1].startswith("epoch=4 accuracy=0.")


@pytest.mark.parametrize("file", EXPERIMENTS, ids=lambda file: file.name)
def test_experiment_files_are_sound_and_name_what_the_code_reads(file):
    spec = load(file.read_text(), source=file.name, folder=str(file.parent))
    code = (file.parent / f"{spec.run.partition(':')[0]}.py").read_text()
    parameters = {name.partition(".")[0] for name in spec.space}
    assert {name for name in parameters if f"p.{name}" in code or f"run.params.{name}" in code} == parameters
    metric = spec.objectives[0].metric.removeprefix("eval_")  # Hugging Face names its metrics so
    assert f"{metric}=" in code or f'"{metric}"' in code


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*/*.py")), ids=lambda file: str(file.relative_to(EXAMPLES)))
def test_examples_are_a_page(file):
    pages = 2 if file.parent.name == "question_answering" else 1  # a network of its own, and its training
    assert len(file.read_text().splitlines()) < 80 * pages
