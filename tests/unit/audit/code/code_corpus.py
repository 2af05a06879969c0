"""The labelled scripts of tests/data/leaky_scripts: what is expected of each, and how the analysis does on them."""

import json
from pathlib import Path
from typing import NamedTuple

from daybreak.validation.code_files import audit_code

ROOT = Path(__file__).parents[3] / "data" / "leaky_scripts"
MARK = "# expect: "


class Tally(NamedTuple):
    """Scripts by what was expected and what was told."""

    found: list[str]
    missed: list[str]
    clean: list[str]
    false: list[str]

    @property
    def precision(self):
        """Share of the scripts with a warning that leak, where the rule is the expected one."""
        return len(self.found) / max(len(self.found) + len(self.false), 1)

    @property
    def recall(self):
        """Share of the leaky scripts that were told under the expected rule."""
        return len(self.found) / (len(self.found) + len(self.missed))


def expected(path):
    """The rule that a script, notebook or folder is labelled with."""
    if path.suffix == ".ipynb":
        return json.loads(path.read_text())["metadata"]["expect"]
    scripts = [path] if path.is_file() else sorted(path.rglob("*.py"))
    first = [script.read_text().split("\n", 1)[0] for script in scripts]
    return next(line.removeprefix(MARK) for line in first if line.startswith(MARK))


def rules(path):
    """The rules of the warnings that a script gets."""
    return {finding.rule for finding in audit_code([path]).findings if finding.severity != "info"}


def tally(part):
    """How the analysis does on one part of the corpus, "seen" or "unseen" while it was written."""
    result = Tally([], [], [], [])
    for path in sorted((ROOT / part / "leaky").iterdir()):
        told = rules(path)
        (result.found if expected(path) in told else result.missed).append(path.name)
        if told - {expected(path)}:
            result.false.append(path.name)
    for path in sorted((ROOT / part / "clean").iterdir()):
        (result.false if rules(path) else result.clean).append(path.name)
    return result
