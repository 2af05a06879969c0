"""`daybreak env`: what a run was captured with, kept, locked and made again, as a user does it."""

import json
import shutil
import subprocess
import sys
import tomllib

import pytest
from cli_process import SCRIPT

from daybreak.provenance import uv, wheels

OFFLINE = {"PIP_CONFIG_FILE": "/dev/null", "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}


def interpreter(folder, package):
    """A Python of its own in this folder, with one package that no index has."""
    about = f"{package}-1.0+mine.dist-info"
    files = [
        (f"{package}.py", b"VERSION = '1.0+mine'\n", False),
        (f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0+mine\n".encode(), False),
        (f"{about}/WHEEL", b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n", False),
    ]
    wheels.write(folder / f"{package}-1.0+mine-py3-none-any.whl", files, about)
    python = folder / "venv" / "bin" / "python"
    quiet = ["-q", "--no-config", "--offline"]
    subprocess.run([uv.find(), "venv", *quiet, "--python", sys.executable, folder / "venv"], check=True)
    words = [uv.find(), "pip", "install", *quiet, "--no-index", "--find-links", folder, "--python", python, package]
    subprocess.run(words, check=True)
    return python


def run(daybreak, python, *options):
    """The number of an experiment that this Python ran."""
    (daybreak.folder / "own.py").write_text(SCRIPT)
    daybreak.environment |= OFFLINE | {"MY_API_KEY": "hush"}
    search = ["--space", "x=uniform:0..1", "--maximize", "value", "--budget", "1 trials", "--baseline", "0"]
    done = daybreak.json("run", *search, *options, "--name", "own", "--", str(python), "own.py", "{x}")
    return done["experiment"]["experiment"]


@pytest.fixture(scope="module")
def ran(daybreak, tmp_path_factory):
    """An experiment whose package alpha nobody keeps, in this home with what others keep; its number and its folder."""
    folder = tmp_path_factory.mktemp("env")
    return run(daybreak, interpreter(folder, "alpha")), folder


def test_show_tells_packages_machine_secrets_by_name_and_what_is_not_to_be_had(daybreak, ran):
    number, folder = ran
    shown = daybreak.json("env", "show", str(number))
    assert shown["packages"] == {"alpha": "1.0+mine"}
    assert shown["executable"] == str(folder / "venv" / "bin" / "python")
    assert shown["kept"] == []
    assert [lost["package"] for lost in shown["unrecoverable"]] == ["alpha"]
    assert shown["machine"]["cpu"]["cores"] >= 1
    assert "MY_API_KEY" in shown["secrets"]
    told = daybreak("env", "show", str(number))
    assert "alpha    1.0+mine" in told.stdout
    assert "MY_API_KEY" in told.stdout
    assert "3 files" in told.stdout
    assert "by " in told.stdout
    assert "hush" not in told.stdout + json.dumps(shown)
    why = ("+mine is a local build", "no index or folder of wheels")  # the second once a lock was asked for
    assert any(f"alpha 1.0+mine may not be had elsewhere: {one}" in told.stderr for one in why)


def test_the_lock_names_what_the_index_lacks(daybreak, ran, tmp_path):
    told = daybreak("env", "lock", str(ran[0]), "--output", str(tmp_path / "pylock.toml"))
    assert "alpha 1.0+mine may not be had elsewhere: no index or folder of wheels" in told.stderr
    lock = tomllib.loads((tmp_path / "pylock.toml").read_text())
    assert [(entry["name"], entry["version"]) for entry in lock["packages"]] == [("alpha", "1.0+mine")]


def test_an_environment_that_cannot_be_solved_names_the_package_and_once_kept_it_can(daybreak, tmp_path):
    number = str(run(daybreak, interpreter(tmp_path, "beta")))
    failed = daybreak("env", "recreate", number, "--to", str(tmp_path / "again"), code=2)
    assert "beta 1.0+mine: +mine is a local build" in failed.stderr
    assert not (tmp_path / "again").exists()
    kept = daybreak.json("env", "keep", number)
    assert (kept["kept"], kept["missing"]) == (["beta"], [])
    shutil.rmtree(tmp_path / "venv")
    made = daybreak.json("env", "recreate", number, "--to", str(tmp_path / "again"))
    told = subprocess.run(
        [made["python"], "-c", "import beta; print(beta.VERSION)"], check=True, capture_output=True, text=True
    )
    assert told.stdout == "1.0+mine\n"
    assert daybreak.json("env", "keep", number) == kept, "what is kept needs no interpreter any more"


def test_a_run_that_keeps_its_wheels_from_the_start(daybreak, tmp_path):
    number = run(daybreak, interpreter(tmp_path, "gamma"), "--keep-wheels")
    shown = daybreak.json("env", "show", str(number))
    assert (shown["kept"], shown["unrecoverable"]) == (["gamma"], [])
