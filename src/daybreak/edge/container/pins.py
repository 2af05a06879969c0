"""What a serving process imports and no more, with the versions that are installed where the context is made."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, requires, version

from daybreak.base.errors import UsageError
from daybreak.registry.package import Package

ROOTS = ("blake3", "cyclopts", "httptools", "msgspec", "numpy", "psutil", "rich", "starlette", "uvloop")
RUNTIME = "onnxruntime"
MEDIA = {"image": "pillow", "audio": "soundfile"}


def pins(package: Package) -> list[str]:
    """`name==version` of everything that serving this package needs, sorted; what a Python model declares as it is.

    Raises `UsageError` where something is not installed here, so that its version is not known.
    """
    fields = {str(field.kind) for field in package.signature.inputs} | {
        output.kind for output in package.signature.outputs
    }
    onnx = [RUNTIME] if package.runtime.kind == "onnx" else []
    found = _closure([*ROOTS, *onnx, *(name for kind, name in MEDIA.items() if kind in fields)])
    declared = list(package.runtime.requirements)
    named = {_name(line) for line in declared}
    return sorted([f"{name}=={told}" for name, told in found.items() if name not in named] + declared)


def _closure(roots: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    waiting = list(roots)
    while waiting:
        name = _canonical(waiting.pop())
        if name in found:
            continue
        try:
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError as error:
            raise UsageError(
                f"a container pins what serves here, {name} is missing: pip install 'daybreak[serve]'"
            ) from error
        waiting += [needed for line in requires(name) or [] if (needed := _needed(line))]
    return found


def _needed(line: str) -> str:
    """The name in a requirement that holds on this interpreter; empty for one that does not, or of an extra."""
    from packaging.requirements import Requirement

    requirement = Requirement(line)
    holds = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    return requirement.name if holds else ""


def _name(line: str) -> str:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return _canonical(Requirement(line).name)
    except InvalidRequirement as error:
        raise UsageError(
            f"a model's requirements are lines as pip takes them, got {line!r}; register it again"
        ) from error


def _canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
