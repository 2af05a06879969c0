"""What a run's result was pinned by, what of it is the same here and now, and what lowers the level a proof can reach."""

import subprocess
from typing import Any

import msgspec

from daybreak.proof.recording import Recording
from daybreak.proof.segments import Stretch

RANK = ("code", "python", "library", "instruction set", "GPU model", "machine")  # likelier causes first
FACTS = (
    "import json, platform, sys;"
    "from importlib.metadata import distributions;"
    "print(json.dumps({'python': platform.python_version(), 'packages': {"
    "(d.metadata['Name'] or '').lower().replace('_', '-').replace('.', '-'): d.version for d in distributions()}}))"
)


class Elsewhere(msgspec.Struct, frozen=True):
    """One thing that is not here as it was there. `kind` names a cause."""

    kind: str
    what: str
    recorded: str
    here: str

    def __str__(self) -> str:
        return f"{self.what}: the run had {self.recorded or 'none'}, here is {self.here or 'none'}"


def pinned(recording: Recording, stretch: Stretch) -> dict[str, Any]:
    """What the record holds; empty texts where nothing was captured."""
    spec, captured = recording.spec, recording.captured
    found: dict[str, Any] = {
        "code": spec.code,
        "spec": recording.row.spec_hash,
        "seed": stretch.seed,
        "point": stretch.point,
        "threads": stretch.threads,
        "world size": len(stretch.environments),
        "hash seed": "0",
    }
    if captured is not None:
        found |= {
            "record": spec.provenance,
            "python": captured.environment.python,
            "environment lock": captured.environment.lock,
            "packages": len(captured.environment.packages),
            "data": captured.data,
            "machine": captured.machine,
        }
    return found


def elsewhere(recording: Recording, python: str) -> list[Elsewhere]:
    """What of the run's environment, machine and code is not the same here. Quick: it asks the interpreter once."""
    captured = recording.captured
    found = list(_code(recording))
    if captured is None:
        return found
    here = _facts(python) or {"python": "", "packages": {}}
    if here["python"] and captured.environment.python and here["python"] != captured.environment.python:
        found.append(Elsewhere("python", "Python", captured.environment.python, here["python"]))
    for name, version in captured.environment.packages.items() if here["packages"] else ():
        if (now := here["packages"].get(name, "")) != version:
            found.append(Elsewhere("library", name, version, now))
    return found + list(_machine(captured.machine, machine_facts()))


def machine_facts() -> dict[str, Any]:
    """Of this machine, as `provenance` tells them."""
    from daybreak.provenance import machine

    return machine.facts()


def _facts(python: str) -> dict[str, Any] | None:
    """Python and packages of an interpreter; None where it cannot be asked."""
    try:
        done = subprocess.run([python, "-c", FACTS], capture_output=True, check=True, timeout=60)
        return msgspec.json.decode(done.stdout, type=dict[str, Any])
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        return None


def _code(recording: Recording) -> list[Elsewhere]:
    spec = recording.spec
    if not spec.code:
        return [Elsewhere("code", "code", "nothing captured", f"the folder {spec.folder} as it is now")]
    if not recording.home.code(spec.code).is_dir():
        return [Elsewhere("code", "captured code", spec.code[:12], f"the folder {spec.folder} as it is now")]
    return []


def _machine(recorded: dict[str, Any], here: dict[str, Any]) -> list[Elsewhere]:
    kinds = {"cpu": "machine", "instruction_set": "instruction set", "gpu": "GPU model", "gpus": "GPU model"}
    return [
        Elsewhere(kinds.get(name, "machine"), name.replace("_", " "), str(value), str(here.get(name, "")))
        for name, value in recorded.items()
        if name in kinds and here.get(name) != value
    ]
