"""From a run, or from somebody else's file, to a registered version: exported, compared, with its card and where it comes from.

with Client() as client:
    package = of_run(client, "3", Wish("digits"), told=print)
package = of_file(home, Path("mnist.onnx"), Wish("mnist", samples="test.npz"))
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from daybreak.base.errors import DaybreakError, NotFound, UsageError, UserCodeError
from daybreak.base.home import Home
from daybreak.client.client import Client
from daybreak.export.exported import Exported
from daybreak.export.options import Options
from daybreak.proof.recording import Recording, curves, read, trial_meant
from daybreak.proof.reference import Found, find, kept_checkpoints
from daybreak.proof.segments import Stretch, cut, path
from daybreak.proof.trainers import Listener
from daybreak.proof.training import Bench
from daybreak.registry.journal import check_name
from daybreak.registry.package import Package
from daybreak.registry.store import Registry
from daybreak.release import reported
from daybreak.release.reported import Held, Trained
from daybreak.spec.shorthand import FUNCTION
from daybreak.validation.card.content import Card, make
from daybreak.validation.card.page import render
from daybreak.wire import reviving as wire
from daybreak.wire.rows import CheckpointRow, TrialRow
from daybreak.wire.segment import Line
from daybreak.wire.worker import CheckpointRef

MODULE = "daybreak.release.reviving"
CARD = "card.html"
OF_RUNS = ("part",)
MODELS = (".onnx", ".skops", ".json", ".ubj", ".txt", ".keras", ".pt", ".pth", ".safetensors", ".pkl", ".joblib")
Told = Callable[[str], None]


@dataclass(frozen=True)
class Wish:
    """How to register.

    `function`: called in place of the training function, or builds the network of weights; `part`, `samples`, `target`, `classes`:
    `wire.reviving`.
    """

    name: str
    function: str = ""
    part: str = ""
    samples: str = ""
    target: str = ""
    classes: tuple[str, ...] = ()
    note: str = ""
    description: str = ""
    options: dict[str, Any] = field(default_factory=dict)


class _Terminal:
    """It printed where the user looks."""

    def clean(self, text: str) -> str:
        return text

    def last_words(self) -> str:
        return "what it printed stands above"


@dataclass(frozen=True)
class Made:
    """A registered version. `parity`: its verdict and why; `notes`: what was odd on the way; `held`: metrics beside training's."""

    package: Package
    folder: Path
    parity: str
    why: str
    notes: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()


def of_run(client: Client, run: str, wish: Wish, told: Told = lambda _: None) -> Made:
    """Register the model of a run: of an experiment its best trial, of a trial its newest checkpoint, or the one that was named.

    Raises `BadId`, `NotFound`, `UsageError`, `UserCodeError` where the training code fails before its state is back, `VaultError`.
    """
    check_name(wish.name)
    if wish.function and not FUNCTION.fullmatch(wish.function):
        raise UsageError(f"--with takes a function, module:function, got {wish.function!r}: such as train:main")
    found = find(client, run)
    recording = read(client, found.experiment.experiment)
    if recording.spec.is_command:
        raise UsageError(
            f"{found.name} is a command, whose model only its own files hold: register the file: "
            f"daybreak model register FILE --name {wish.name}"
        )
    trial = trial_meant(recording, found.trial.trial if found.trial else None)
    checkpoint = _checkpoint(client, found, trial)
    registry = Registry(client.home)
    with registry.staging() as folder:
        answer = _exported(recording, trial, checkpoint, _order(folder, wish), told)
        exported = msgspec.convert(answer.exported, Exported)
        name = f"{trial.experiment}.{trial.trial}"
        told("writing the model card")
        card = make(client, name)
        (folder / CARD).write_text(render(card), encoding="utf-8")
        loss = msgspec.convert(wish.options, Options).allowed.loss
        held = reported.hold(exported.metrics, _trained(client, trial, checkpoint, card), answer.reported, loss)
        reported.write(folder, held)
        lineage = _lineage(recording, trial, checkpoint)
        package = registry.add(folder, _package(wish, exported, lineage), note=wish.note)
    why = f"registered as {package.name}@{package.version}"  # the gate will ask about it again
    client.ask(trial.experiment, "pin", {"trial": trial.trial, "digest": checkpoint.digest, "why": why})
    return _made(registry, package, exported, answer.notes, held)


def of_file(home: Home, model: Path, wish: Wish, told: Told = lambda _: None) -> Made:
    """Register a model that was not trained here: a file or folder of a kind that `export.exporting.export` names.

    Raises `NotFound`, `UsageError`.
    """
    check_name(wish.name)
    if not model.exists():
        raise NotFound(f"a model is a run (3, 3.17) or a file or folder, there is no {model}")
    registry = Registry(home)
    with registry.staging() as folder:
        order = {name: value for name, value in _order(folder, wish).items() if name not in OF_RUNS}
        asked = subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE],  # -P: a file beside the model is no module of ours
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        answer = _answered(asked, wire.Foreign(str(model.absolute()), **order), told, _Terminal())
        exported = msgspec.convert(answer.exported, Exported)
        lineage = {"source": model.name, "framework": exported.framework}
        package = registry.add(folder, _package(wish, exported, lineage), note=wish.note)
    return _made(registry, package, exported)


def _made(
    registry: Registry,
    package: Package,
    exported: Exported,
    notes: tuple[str, ...] = (),
    held: tuple[Held, ...] = (),
) -> Made:
    folder = registry.folder(package.name, package.version)
    return Made(package, folder, exported.parity.verdict, exported.parity.why, notes, held)


def _trained(client: Client, trial: TrialRow, checkpoint: CheckpointRow, card: Card) -> Trained:
    """What the trial reported in the unit that ended with the checkpoint, and where its model was scored beside that."""
    points = {name: values.get(checkpoint.units) for name, values in curves(client, trial).items()}
    at = {name: value for name, value in points.items() if value is not None}
    scored = tuple((one.metric, one.value, one.says) for one in card.scores if one.on != "reported")
    return Trained(checkpoint.units, at, dict(trial.best), scored)


def _order(folder: Path, wish: Wish) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "function": wish.function,
        "part": wish.part,
        "samples": _absolute(wish.samples),
        "target": wish.target,
        "classes": wish.classes,
        "options": wish.options,
    }


def _absolute(samples: str) -> str:
    """Of a file: the process that reads it works elsewhere."""
    if not samples or FUNCTION.fullmatch(samples):
        return samples
    return str(Path(samples).expanduser().absolute())


def _checkpoint(client: Client, found: Found, trial: TrialRow) -> CheckpointRow:
    kept = found.checkpoint or next(iter(reversed(kept_checkpoints(client, trial))), None)
    if kept is None:
        raise NotFound(
            f"of trial {trial.experiment}.{trial.trial} no checkpoint is kept, so there is no model to register"
        )
    return kept


def _exported(
    recording: Recording, trial: TrialRow, checkpoint: CheckpointRow, order: dict[str, Any], told: Told
) -> wire.Made:
    """Ask the process that has the run's interpreter, code and data."""
    start = CheckpointRef(checkpoint.digest, checkpoint.units)
    with Bench(recording) as bench:
        bench.admit(start)
        setup, segment = bench.order(_stretch(recording, trial, checkpoint), start)
        process = bench.start(MODULE, segment.environment)
        return _answered(process, wire.Revive(setup, segment, **order), told, bench)


def _answered(process: subprocess.Popen[bytes], order: Line, told: Told, listener: Listener) -> wire.Made:
    """What the process answers; it is gone when this returns."""
    try:
        return _converse(process, order, told, listener)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _stretch(recording: Recording, trial: TrialRow, checkpoint: CheckpointRow) -> Stretch:
    """The segment that ended in the checkpoint: it knows the point, the seed and the environment."""
    there = cut(path(recording.recorded, trial.trial), checkpoint.units)
    if not there:
        raise NotFound(f"the record of trial {trial.experiment}.{trial.trial} does not tell how it was trained")
    return there[-1]


def _converse(process: subprocess.Popen[bytes], order: Line, told: Told, listener: Listener) -> wire.Made:
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(wire.encode(order) + b"\n")
        process.stdin.flush()
    for line in process.stdout:
        match wire.decode_answer(line):
            case wire.Doing(what=what):
                told(what)
            case wire.Made() as made:
                return made
            case wire.Failed(why=why, usage=usage):
                raise _error(usage)(listener.clean(why))
    raise UserCodeError(f"the process that exports the model ended before it was done:\n{listener.last_words()}")


def _error(usage: bool) -> type[DaybreakError]:
    return UsageError if usage else UserCodeError


def _lineage(recording: Recording, trial: TrialRow, checkpoint: CheckpointRow) -> dict[str, Any]:
    """Where a model comes from, by digest."""
    spec, captured = recording.spec, recording.captured
    return {
        "run": f"{trial.experiment}.{trial.trial}",
        "experiment": spec.name or "",
        "trial": trial.trial,
        "units": checkpoint.units,
        "checkpoint": checkpoint.digest,
        "code": spec.code,
        "data": dict(captured.data) if captured else {},
        "provenance": spec.provenance,
        "commit": captured.code.git.commit if captured and captured.code.git else "",
        "hyperparameters": dict(trial.point),
    }


def _package(wish: Wish, exported: Exported, lineage: dict[str, Any]) -> Package:
    return Package(
        name=wish.name,
        version=0,
        created=0.0,
        signature=exported.signature,
        runtime=exported.runtime,
        before=exported.before,
        after=exported.after,
        description=wish.description,
        lineage={**lineage, "framework": exported.framework},
        metrics=exported.metrics,
        limits=exported.limits,
    )
