"""A version whose files were altered after it was registered: commands that read it say so, and none predicts with it."""

import json

import pytest

from daybreak.base.home import Home
from daybreak.cli.main import main
from daybreak.registry.package import RECORD
from daybreak.registry.store import Registry
from daybreak.testing.packages import regression


@pytest.fixture
def home(tmp_path):
    """A home with `price@1`, of whose model one byte is another one now."""
    registry = Registry(Home(tmp_path / "home"))
    with registry.staging() as staged:
        registry.add(staged, regression(staged))
    model = registry.folder("price", 1) / "model.onnx"
    held = bytearray(model.read_bytes())
    held[-20] ^= 1
    model.chmod(0o644)
    model.write_bytes(held)
    (tmp_path / "rows.csv").write_text("area,rooms,floor,age\n80,3,1,20\n")
    return tmp_path / "home"


@pytest.fixture
def daybreak(home, monkeypatch, capsys):
    monkeypatch.chdir(home.parent)

    def run(*words):
        with pytest.raises(SystemExit) as ended:
            main([*words, "--home", str(home)])
        return ended.value.code, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    "words",
    [
        ("monitor", "compare", "price@1", "rows.csv"),
        ("monitor", "compare", "price@1", "rows.csv", "--inputs-only"),
        ("batch", "price@1", "rows.csv", "-o", "out"),
        ("bundle", "price@1", "-o", "folder", "--container"),
        ("model", "alias", "price@1", "staging"),
    ],
)
def test_what_loads_or_passes_it_on_refuses_it(daybreak, words):
    code, told, complained = daybreak(*words)
    assert (code, told) == (6, "")
    assert "was altered: model.onnx" in complained


def test_show_describes_it_and_warns(daybreak):
    code, told, complained = daybreak("model", "show", "price@1")
    assert (code, "price@1" in told) == (6, True)
    assert "warning: price@1 was altered: model.onnx" in complained


def test_show_names_a_record_that_is_not_the_registered_one(daybreak, home):
    record = home / "models" / "price" / "1" / RECORD
    record.chmod(0o644)
    record.write_text(record.read_text().replace('"name": "area"', '"name": "size"', 1))
    code, told, _ = daybreak("model", "show", "price@1", "--json")
    assert (code, json.loads(told)["altered"]) == (6, [RECORD, "model.onnx"])
