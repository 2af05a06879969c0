"""What a serving process may load: memory and a cold start are counted in imports."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "sklearn", "pandas", "pyarrow", "sqlalchemy", "pydantic", "onnx", "matplotlib", "cyclopts", "rich")


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("daybreak.serving.replica", HEAVY),
        ("daybreak.serving.supervisor", (*HEAVY, "numpy", "onnxruntime", "starlette")),
        ("daybreak.cli.commands.deploy", ("numpy", "onnxruntime", "starlette", "torch", "pydantic", "sqlalchemy")),
    ],
)
def test_a_serving_process_is_light(module, heavy):
    code = f"import {module}, sys; print(*[name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
