"""Lines of captured code that make a result depend on something that nothing pins: read from its syntax, nothing is run."""

import ast
import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

SEED = "seed it from run.seed, and keep it (run.keep)"
_UNSEEDED = {  # calls that take their seed from the system where none is given
    "default_rng": "an unseeded generator",
    "RandomState": "an unseeded generator",
    "Random": "an unseeded generator",
    "SeedSequence": "an unseeded generator",
}
_ALWAYS = {
    "time.time": ("time", "the time", "keep the time out of what is trained"),
    "time.time_ns": ("time", "the time", "keep the time out of what is trained"),
    "time.perf_counter": ("time", "the time", "let no result depend on how long something took"),
    "time.monotonic": ("time", "the time", "let no result depend on how long something took"),
    "datetime.now": ("time", "the time", "keep the time out of what is trained"),
    "datetime.datetime.now": ("time", "the time", "keep the time out of what is trained"),
    "os.getpid": ("process", "its process id", "derive what differs between processes from run.rank"),
    "os.urandom": ("generator", "an unseeded generator", SEED),
    "uuid.uuid4": ("generator", "an unseeded generator", SEED),
    "uuid.uuid1": ("generator", "an unseeded generator", SEED),
    "random.SystemRandom": ("generator", "an unseeded generator", SEED),
    "secrets.randbits": ("generator", "an unseeded generator", SEED),
    "secrets.token_bytes": ("generator", "an unseeded generator", SEED),
    "torch.seed": ("generator", "an unseeded generator", SEED),
    "random.seed": ("generator", "an unseeded generator", SEED),
    "id": ("address", "where objects lie in memory", "order by something that is the same in every process"),
}
_TAKES_SEED = {"random.seed", "np.random.seed", "numpy.random.seed"}
_ORDER = ("generator", "process", "address", "time")


class Suspect(msgspec.Struct, frozen=True):
    """One line. `kind` names a cause; `place`: file and line."""

    kind: str
    what: str
    place: str
    advice: str

    def __str__(self) -> str:
        return f"{self.place} depends on {self.what}"


def suspects(folder: Path, files: Iterable[str]) -> list[Suspect]:
    """All lines of these files, relative to the folder; unseeded generators first."""
    found: list[Suspect] = []
    for name in files:
        with contextlib.suppress(OSError):
            found += in_text((folder / name).read_text(errors="replace"), name)
    return sorted(found, key=lambda one: _ORDER.index(one.kind))


def in_text(text: str, name: str) -> list[Suspect]:
    """Of one file; empty where it cannot be parsed."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return []
    return list(_in(tree, name, _imported(tree)))


def _in(tree: ast.AST, name: str, imported: dict[str, str]) -> Iterator[Suspect]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = _dotted(node.func, imported)
        place = f"{name}:{node.lineno}"
        seeded = bool(node.args or node.keywords)
        if called.rpartition(".")[2] in _UNSEEDED and "." in called and not seeded:
            yield Suspect("generator", f"an unseeded generator, {called}()", place, SEED)
        elif called in _ALWAYS and not (called in _TAKES_SEED and seeded):
            kind, what, advice = _ALWAYS[called]
            yield Suspect(kind, f"{what}, {called}()", place, advice)


def _imported(tree: ast.AST) -> dict[str, str]:
    """Local name -> dotted name of what was imported."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {
                one.asname or one.name.partition(".")[0]: one.name if one.asname else one.name.partition(".")[0]
                for one in node.names
            }
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    return found


def _dotted(node: ast.expr, imported: dict[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([imported.get(node.id, node.id), *reversed(parts)])
