"""A real search goes to another home as a bundle; there its environment is made anew from the lock, and every bit comes out again."""

import shutil
from pathlib import Path

import pytest
from cli_process import CommandLine

from daybreak.provenance import uv

pytestmark = [pytest.mark.xdist_group("reproduce_elsewhere"), pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A virtual environment of the run's own: Daybreak from its source, scikit-learn from the index."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    try:
        uv.run("venv", str(folder), "--python", "3.11")
        uv.run("pip", "install", "--python", str(folder / "bin/python"), *uv.indexes(), "-e", str(ROOT), "scikit-learn")
    except uv.UvFailed as error:
        pytest.skip(f"no index of packages answers here: {error}")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    command_line = CommandLine(tmp_path_factory.mktemp("home"))
    yield command_line
    command_line.shut_down()


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    command_line = CommandLine(tmp_path_factory.mktemp("elsewhere"))
    yield command_line
    command_line.shut_down()


def test_a_search_is_reproduced_from_its_bundle_with_a_fresh_environment(environment, home, elsewhere):
    for name in ("train_sklearn.py", "digits.yaml"):
        shutil.copy(ROOT / "examples/digits" / name, home.folder / name)
    with (home.folder / "digits.yaml").open("a") as spec:
        spec.write(f"\npython: {environment / 'bin/python'}\n")
    home("run", "digits.yaml", "--budget", "3 trials", "--max-units", "9")
    bundle = home.json("export", "1", "--bundle", str(home.folder / "digits.tar.zst"))
    shutil.rmtree(environment)
    shutil.rmtree(home.folder / "home" / "code")  # nothing of where it ran is left to lean on

    number = elsewhere.json("import", bundle["path"], "--expect", bundle["digest"])["experiment"]
    found = elsewhere.json("reproduce", str(number))
    assert "made again from its lock" in found["environment"]["how"]
    assert (found["same"], found["stepped"]) == (True, False)
    assert [(trial["metrics"], trial["weights"]) for trial in found["trials"]] == [("same", "same")] * 3
