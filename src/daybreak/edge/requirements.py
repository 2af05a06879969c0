"""What a model needs of the machine that runs it, and whether that is there: as pip writes it, `onnxruntime>=1.23`."""

import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from daybreak.registry.package import Package

ONNX_RUNTIME = "onnxruntime>=1.23"
LINE = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:(==|>=)\s*([0-9][0-9A-Za-z.+!-]*))?\s*$")


def needed(package: Package) -> tuple[str, ...]:
    """What a device has to have installed beside Daybreak."""
    own = (ONNX_RUNTIME,) if package.runtime.kind == "onnx" else ()
    return (*own, *package.runtime.requirements)


def missing(requires: Sequence[str]) -> list[str]:
    """Those that this machine does not meet, in words. Lines that are more than a name with == or >= are pip's to judge."""
    return [told for line in requires if (told := _unmet(line))]


def _unmet(line: str) -> str:
    if not (found := LINE.match(line)):
        return ""
    name, rule, wanted = found.groups()
    try:
        here = version(name)
    except PackageNotFoundError:
        return f"{line.strip()} (not installed)"
    met = wanted is None or (
        here.split("+")[0] == wanted.split("+")[0] if rule == "==" else _order(here) >= _order(wanted)
    )
    return "" if met else f"{line.strip()} (here: {here})"


def _order(text: str) -> tuple[int, ...]:
    """The release's numbers without trailing zeros: 1.23 and 1.23.0 are one version."""
    numbers = [int(part) for part in re.match(r"[0-9]+(?:\.[0-9]+)*", text).group().split(".")]  # type: ignore[union-attr]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
