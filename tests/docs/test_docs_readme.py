"""Whatever README.md shows is run: files are written, commands and programs must succeed."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUDGET = ("--budget 20s", "--budget 5s")  # what the README grants is waited for to its end, and proves no more
BLOCK = re.compile(r"^( *)<!-- test: (.+?) -->\n\1```\w*\n(.*?)\n\1```$", re.DOTALL | re.MULTILINE)


@pytest.mark.timeout(180)
def test_readme_does_what_it_says(tmp_path):
    blocks = [(what, textwrap.dedent(body)) for _, what, body in BLOCK.findall((ROOT / "README.md").read_text())]
    assert [what.split()[0] for what, _ in blocks] == ["file", "run", "run", "file", "run", "python", "python"]
    environment = os.environ | {
        "DAYBREAK_HOME": str(tmp_path / "home"),
        "DAYBREAK_IDLE": "5",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    assert sum(BUDGET[0] in body for _, body in blocks) == 1
    try:
        for what, body in blocks:
            carry_out(what, body.replace(*BUDGET), tmp_path, environment)
    finally:
        subprocess.run(
            [sys.executable, "-m", "daybreak.cli", "controller", "shutdown"],
            env=environment,
            capture_output=True,
            check=False,
        )


def carry_out(what, body, folder, environment):
    kind, _, rest = what.partition(" ")
    if kind == "file":
        (folder / rest).write_text(body + "\n")
        return
    words = ["bash", "-ec", body] if kind == "run" else [sys.executable, "-c", body]
    place = ROOT / rest.removeprefix("in ") if rest else folder
    done = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{body}\n{done.stdout}\n{done.stderr}"
