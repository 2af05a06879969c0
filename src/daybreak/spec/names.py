"""Default names of experiments."""

import posixpath
import re
from typing import Any

LONGEST = 60


def name_of(run: Any) -> str:
    """The default name: the module of `module:function`, or the script of a command."""
    if isinstance(run, str):
        return slug(run.partition(":")[0].rpartition(".")[2])
    words = [word for word in run or () if not word.startswith("-") and "{" not in word]
    script = next((word for word in words if word.endswith(".py")), words[0] if words else "")
    return slug(posixpath.basename(script).removesuffix(".py"))


def slug(text: str) -> str:
    """Letters and digits joined by `-`: `My Train_v2` -> `my-train-v2`. Never empty, never only digits (that would be an id)."""
    name = "-".join(re.findall(r"[^\W_]+", text.lower()))[:LONGEST].strip("-")
    return name if re.search(r"[^\d-]", name) else f"experiment-{name}".rstrip("-")
