"""A container's context: exact versions, a wheel that pip takes, nobody's secrets, and no user but one without rights."""

import base64
import csv
import hashlib
import io
import json
import re
import stat
import subprocess
import sys
import zipfile

import msgspec
import pytest

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.edge.container import context
from daybreak.edge.container.pins import pins
from daybreak.registry import package as packages
from daybreak.registry.package import Runtime
from daybreak.serving.tokens import Tokens
from daybreak.signature.fields import Field
from daybreak.testing import packages as small


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("container")
    small.mlp(place / "model", version=4)
    _, token = context.write(place / "model", place / "context", days=7)
    return place / "context", token


def test_the_context_holds_all_that_is_copied_and_no_more(made):
    text = (made[0] / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?:--chown=\S+ )?(\S+) ", text, re.MULTILINE)
    there = {path.name for path in made[0].iterdir()} - {"Dockerfile", ".dockerignore"}
    assert set(copied) == there
    assert packages.verify(made[0] / "model").version == 4


def test_it_serves_as_nobody_and_says_whether_it_is_ready(made):
    lines = (made[0] / "Dockerfile").read_text().splitlines()
    place = {word: number for number, line in enumerate(lines) for word in [line.split(" ")[0]] if word}
    assert f"USER {context.USER}:{context.USER}" in lines
    assert place["USER"] < place["ENTRYPOINT"]
    assert "/v2/health/ready" in " ".join(lines)
    entry = json.loads(lines[place["ENTRYPOINT"]].removeprefix("ENTRYPOINT "))
    assert entry[:2] == ["daybreak", "deploy"]
    assert entry[-5:] == ["mlp", "--host", "0.0.0.0", "--port", "8080"]
    assert "curl" not in " ".join(lines), "nothing is fetched but from the index"


def test_the_token_opens_it_and_only_its_hash_is_in_the_context(made):
    folder, token = made
    kept = folder / "tokens.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert token.rpartition("_")[2] not in kept.read_text()
    Tokens(kept, "mlp").check(f"Bearer {token}", "predict")


def test_versions_are_exact_and_only_what_serving_needs(made):
    lines = (made[0] / "requirements.txt").read_text().split()
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line) for line in lines)
    names = {line.partition("==")[0] for line in lines}
    assert {"onnxruntime", "numpy", "starlette"} <= names
    assert not names & {"torch", "scikit-learn", "pandas", "sqlalchemy", "optuna", "pydantic", "onnx", "pillow"}


def test_media_and_python_models_bring_what_they_need(made):
    record = packages.read(made[0] / "model")
    signature = msgspec.structs.replace(record.signature, inputs=(Field("picture", "image"), Field("sound", "audio")))
    python = Runtime("python", requirements=("scikit-learn==1.5.0", "NumPy==2.0.0"))
    lines = pins(msgspec.structs.replace(record, signature=signature, runtime=python))
    names = {line.partition("==")[0] for line in lines}
    assert {"pillow", "soundfile", "scikit-learn", "NumPy"} <= names
    assert not names & {"numpy", "onnxruntime"}
    broken = msgspec.structs.replace(record, runtime=Runtime("python", requirements=("not a requirement !",)))
    with pytest.raises(UsageError, match="lines as pip takes them"):
        pins(broken)


def test_the_wheel_is_whole_and_runs_by_what_is_pinned(made, tmp_path):
    with zipfile.ZipFile(next(made[0].glob("*.whl"))) as wheel:
        record = next(name for name in wheel.namelist() if name.endswith("RECORD"))
        told = list(csv.reader(io.StringIO(wheel.read(record).decode())))
        assert {row[0] for row in told} == set(wheel.namelist())
        for name, digest, _ in told:
            if name != record:
                found = base64.urlsafe_b64encode(hashlib.sha256(wheel.read(name)).digest()).rstrip(b"=").decode()
                assert digest == f"sha256={found}"
        wheel.extractall(tmp_path)
    needed = {line.partition("==")[0] for line in (made[0] / "requirements.txt").read_text().split()}
    assert imported(tmp_path) <= needed | {"daybreak"}


def imported(place):
    """Distributions that serving imports, in a process that finds Daybreak in `place`."""
    code = """
import sys
sys.path.insert(0, sys.argv[1])
import daybreak, onnxruntime
from daybreak.cli.main import build
import daybreak.cli.commands.deploy, daybreak.serving.replica, daybreak.serving.supervisor, daybreak.serving.app
from importlib.metadata import packages_distributions
assert daybreak.__file__.startswith(sys.argv[1])
build()
known = packages_distributions()
tops = {name.partition(".")[0] for name in sys.modules}
own = {name for top in tops if not top.startswith("_") for name in known.get(top, [])}
print(" ".join(sorted(own)))
"""
    done = subprocess.run([sys.executable, "-c", code, str(place)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name.lower().replace("_", "-") for name in done.stdout.split()} - {"setuptools", "python-multipart"}


def test_a_context_is_written_to_an_empty_folder_of_a_whole_package(made, tmp_path):
    with pytest.raises(UsageError, match="to an empty folder"):
        context.write(made[0] / "model", made[0], days=7)
    small.mlp(tmp_path / "model")
    (tmp_path / "model" / "model.onnx").write_bytes(b"other")
    with pytest.raises(DamagedFile):
        context.write(tmp_path / "model", tmp_path / "context", days=7)
    assert not (tmp_path / "context").exists()
