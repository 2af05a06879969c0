"""What a run's result was pinned by, what of it is the same here and now, and what lowers the level a proof can reach."""

from collections.abc import Iterator
from typing import Any

import msgspec

from daybreak.base.errors import DaybreakError
from daybreak.proof.recording import Recording
from daybreak.proof.segments import Stretch
from daybreak.provenance import machine
from daybreak.provenance.data.changed import changed
from daybreak.provenance.installed import look, searched
from daybreak.provenance.record import Record
from daybreak.wire.recorded import Attempt

RANK = (
    "data",
    "code",
    "python",
    "library",
    "instruction set",
    "GPU model",
    "threads",
    "machine",
)  # likelier causes first
MOST = 12  # packages that are named
_KINDS = (
    ("Python", "python"),
    ("the CPU", "instruction set"),
    ("the architecture", "instruction set"),
    ("this CPU lacks", "instruction set"),
    ("the GPU", "GPU model"),
    ("torch's threads", "threads"),
    ("torch's", "library"),
)


class Elsewhere(msgspec.Struct, frozen=True):
    """One thing that is not here as it was there. `kind` names a cause."""

    kind: str
    said: str

    def __str__(self) -> str:
        return self.said


def pinned(recording: Recording, trained: Attempt | Stretch) -> dict[str, Any]:
    """What the record holds of how something was trained; empty texts where nothing was captured."""
    spec, captured = recording.spec, recording.captured
    found: dict[str, Any] = {
        "code": spec.code,
        "spec": recording.row.spec_hash,
        "seed": trained.seed,
        "point": trained.point,
        "threads": trained.threads,
        "world_size": len(trained.environments),
        "hash_seed": "0",
        "data": {name: source.manifest for name, source in spec.data.items()},
    }
    if captured is not None:
        found |= {
            "record": spec.provenance,
            "python": captured.environment.python,
            "environment": captured.environment.lock,
            "packages": len(captured.environment.packages),
            "machine": captured.machine,
        }
    return found


def elsewhere(recording: Recording, python: str) -> list[Elsewhere]:
    """What of the run's data, code, environment and machine is not the same here, likelier causes of other bits first."""
    found = [*_data(recording), *_code(recording)]
    captured = recording.captured
    if captured is None:
        found.append(
            Elsewhere(
                "library", "the environment was not captured when the run was handed in: its versions are not known"
            )
        )
    else:
        found += [*_environment(recording, captured, python), *_machine(captured)]
    return sorted(found, key=lambda one: RANK.index(one.kind))


def _data(recording: Recording) -> Iterator[Elsewhere]:
    for one in changed(recording.home, recording.spec):
        files = one.difference.files
        what = one.gone or f"{len(files)} files differ ({', '.join(files[:3])}{', ...' if len(files) > 3 else ''})"  # noqa: PLR2004
        yield Elsewhere("data", f"dataset {one.name} is not what the run was given: {what}")


def _code(recording: Recording) -> Iterator[Elsewhere]:
    spec = recording.spec
    if not spec.code:
        yield Elsewhere("code", f"the run's code was not captured: the folder {spec.folder} is used as it is now")
    elif not recording.home.code(spec.code).is_dir():
        yield Elsewhere(
            "code",
            f"the captured code {spec.code[:12]} is not in this home: the folder {spec.folder} is used as it is now",
        )


def _environment(recording: Recording, captured: Record, python: str) -> Iterator[Elsewhere]:
    then = captured.environment
    try:
        here = look(recording.home, python, searched(recording.spec.environment))
    except DaybreakError as error:
        yield Elsewhere("library", f"what {python} has installed cannot be told: {error}")
        return
    if then.python and here.python != then.python:
        yield Elsewhere("python", f"Python was {then.python}, here it is {here.python}")
    others = [name for name, version in then.packages.items() if here.versions.get(name, "") != version]
    for name in others[:MOST]:
        yield Elsewhere(
            "library", f"{name} was {then.packages[name]}, here it is {here.versions.get(name) or 'not installed'}"
        )
    if len(others) > MOST:
        yield Elsewhere("library", f"and {len(others) - MOST} more packages have other versions here")


def _machine(captured: Record) -> Iterator[Elsewhere]:
    for said in machine.differences(captured.machine, machine.facts()):
        if not said.startswith("Python"):  # the run's own interpreter is asked, ours says nothing
            yield Elsewhere(next((kind for start, kind in _KINDS if said.startswith(start)), "machine"), said)
