"""`daybreak env`: what a run was captured with, kept, locked and made again, as a user does it."""

import json
import shutil
import subprocess
import sys
import tomllib

import pytest
from cli_process import SCRIPT

from daybreak.provenance import uv, wheels

TINY = [
    ("alpha.py", b"VERSION = '1.0+mine'\n", False),
    ("alpha-1.0+mine.dist-info/METADATA", b"Metadata-Version: 2.1\nName: alpha\nVersion: 1.0+mine\n", False),
    (
        "alpha-1.0+mine.dist-info/WHEEL",
        b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        False,
    ),
]


@pytest.fixture(scope="module")
def ran(daybreak, tmp_path_factory):
    """An experiment that was run by a Python of its own, with one package that no index has; its number and that folder."""
    folder = tmp_path_factory.mktemp("env")
    wheels.write(folder / "alpha-1.0+mine-py3-none-any.whl", TINY, "alpha-1.0+mine.dist-info")
    python = folder / "venv" / "bin" / "python"
    quiet = ["-q", "--no-config", "--offline"]
    subprocess.run([uv.find(), "venv", *quiet, "--python", sys.executable, folder / "venv"], check=True)
    words = [uv.find(), "pip", "install", *quiet, "--no-index", "--find-links", folder, "--python", python, "alpha"]
    subprocess.run(words, check=True)
    (daybreak.folder / "own.py").write_text(SCRIPT)
    daybreak.environment |= {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_INDEX": "1",
        "UV_OFFLINE": "1",
        "MY_API_KEY": "hush",
    }
    search = ["--space", "x=uniform:0..1", "--maximize", "value", "--budget", "1 trials", "--baseline", "0"]
    done = daybreak.json("run", *search, "--name", "own", "--", str(python), "own.py", "{x}")
    return done["experiment"]["experiment"], folder


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
    assert "alpha 1.0+mine may not be had elsewhere: +mine is a local build" in told.stderr


def test_the_lock_names_what_the_index_lacks(daybreak, ran, tmp_path):
    told = daybreak("env", "lock", str(ran[0]), "--output", str(tmp_path / "pylock.toml"))
    assert "alpha 1.0+mine may not be had elsewhere: no index or folder of wheels" in told.stderr
    lock = tomllib.loads((tmp_path / "pylock.toml").read_text())
    assert [(entry["name"], entry["version"]) for entry in lock["packages"]] == [("alpha", "1.0+mine")]


def test_an_environment_that_cannot_be_solved_names_the_package_and_once_kept_it_can(daybreak, ran, tmp_path):
    number, folder = ran
    failed = daybreak("env", "recreate", str(number), "--to", str(tmp_path / "again"), code=2)
    assert "alpha 1.0+mine: +mine is a local build" in failed.stderr
    assert not (tmp_path / "again").exists()
    kept = daybreak.json("env", "keep", str(number))
    assert (kept["kept"], kept["missing"]) == (["alpha"], [])
    shutil.rmtree(folder / "venv")
    made = daybreak.json("env", "recreate", str(number), "--to", str(tmp_path / "again"))
    told = subprocess.run(
        [made["python"], "-c", "import alpha; print(alpha.VERSION)"], check=True, capture_output=True, text=True
    )
    assert told.stdout == "1.0+mine\n"
    assert daybreak.json("env", "keep", str(number)) == kept, "what is kept needs no interpreter any more"


def test_a_run_that_keeps_its_wheels_from_the_start(daybreak, tmp_path):
    daybreak.environment |= {"PIP_CONFIG_FILE": "/dev/null", "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run(
        [uv.find(), "venv", "-q", "--no-config", "--offline", "--python", sys.executable, tmp_path / "venv"], check=True
    )
    wheels.write(tmp_path / "alpha-1.0+mine-py3-none-any.whl", TINY, "alpha-1.0+mine.dist-info")
    words = [
        uv.find(),
        "pip",
        "install",
        "-q",
        "--no-config",
        "--offline",
        "--no-index",
        "--python",
        python,
        tmp_path / "alpha-1.0+mine-py3-none-any.whl",
    ]
    subprocess.run(words, check=True)
    (daybreak.folder / "own.py").write_text(SCRIPT)
    search = ["--space", "x=uniform:0..1", "--maximize", "value", "--budget", "1 trials", "--baseline", "0"]
    done = daybreak.json("run", *search, "--keep-wheels", "--name", "kept", "--", str(python), "own.py", "{x}")
    shown = daybreak.json("env", "show", str(done["experiment"]["experiment"]))
    assert (shown["kept"], shown["unrecoverable"]) == (["alpha"], [])
