"""`python -m daybreak.release.reviving`: in a run's own interpreter, from its checkpoint to the files of a package (`wire.reviving`)."""

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from daybreak.base.errors import DaybreakError, UsageError, UserCodeError
from daybreak.base.ids import AttemptKey
from daybreak.export.asking import Refused
from daybreak.export.exported import Exported
from daybreak.export.exporting import export
from daybreak.export.options import Options
from daybreak.export.samples import Samples
from daybreak.release import rows
from daybreak.train import reviving
from daybreak.train.failures import failure
from daybreak.train.processes import die_with, set_threads
from daybreak.train.reviving import Revived
from daybreak.wire import reviving as wire
from daybreak.wire.segment import Line, Segment
from daybreak.wire.worker import Assignment

Say = Callable[[Line], None]
WEIGHTS = (".pt", ".pth", ".safetensors")
TRACED = "DAYBREAK_TRACEBACK=1 shows where"
SHIP = "run.ship(model, x_valid, y_valid) behind the training loop tells it"


def make(order: wire.Revive | wire.Foreign, say: Say) -> wire.Made:
    """Do what is ordered. Raises `DaybreakError`."""
    if isinstance(order, wire.Foreign):
        return _foreign(order, say)
    say(wire.Doing("loading the training code"))
    revived = _revive(order)
    notes = tuple(_notes(revived))
    made = _exported(*_to_export(order, revived), order, say)
    return msgspec.structs.replace(made, notes=notes, reported=_reported(order, revived))


def _foreign(order: wire.Foreign, say: Say) -> wire.Made:
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 (module:function is looked for where the command was typed)
    inputs, targets = rows.read(order.samples, order.target) if order.samples else (None, None)
    samples = Samples(inputs=inputs, targets=targets, classes=order.classes)
    return _exported(of_others(order), samples, None, order, say)


def of_others(order: wire.Foreign) -> Any:
    """The file, or weights with the function that builds their network."""
    file = Path(order.model)
    if not order.function:
        return file
    if file.suffix not in WEIGHTS:
        raise UsageError(f"--with builds the network of weights ({', '.join(WEIGHTS)}), got {file.name}: leave it out")
    from daybreak.export.frameworks.torch import Checkpoint

    return Checkpoint(file, order.function, Path.cwd())


def _exported(model: Any, samples: Samples, signature: Any, order: wire.Revive | wire.Foreign, say: Say) -> wire.Made:
    options = msgspec.convert(order.options, Options)
    try:
        made = export(
            model,
            samples,
            Path(order.folder),
            signature=signature,
            options=options,
            told=lambda what: say(wire.Doing(what)),
        )
    except Refused as error:
        raise _refused(error, order) from error
    return wire.Made(_plain(made))


def _refused(error: Refused, order: wire.Revive | wire.Foreign) -> UsageError:
    """Of a table whose column of answers nobody named: perhaps that is what the model does not know."""
    file = Path(order.samples)
    if order.target or file.suffix not in rows.TABLES:
        return UsageError(f"{error}; {TRACED}") if isinstance(order, wire.Foreign) else error
    told = f"{file.name} has {error.columns} columns, the model refuses them ({error.why})"
    return UsageError(f"{told}: --target names the column of answers")


def _revive(order: wire.Revive) -> Revived:
    _get_ready(order)
    try:
        code = reviving.load(order.function or order.setup.run)
        return reviving.revive(_assignment(order.segment), code)
    except DaybreakError:
        raise
    except (Exception, SystemExit) as error:
        raise UserCodeError(failure(error, order.setup.code, order.setup.folder).tail) from error


def _get_ready(order: wire.Revive) -> None:
    typed = os.getcwd()  # noqa: PTH109 (a string for sys.path)
    os.chdir(order.setup.folder)
    if sys.path[0] != order.setup.code:
        sys.path.insert(0, order.setup.code)
    sys.path.append(typed)  # of --samples and --with written since; last, so that no file there hides a library
    sys.argv = [order.setup.run]
    os.environ.update(order.segment.environment)
    set_threads(order.segment.threads)


def _assignment(segment: Segment) -> Assignment:
    return Assignment(
        attempt=AttemptKey(0, 0, 1),
        run=segment.run,
        folder=segment.folder,
        point=segment.point,
        seed=segment.seed,
        units=segment.start.units if segment.start else 0,
        target=None,
        horizon=segment.horizon,
        objectives=segment.objectives,
        vault=segment.vault,
        scratch=segment.scratch,
        checkpoint=segment.start,
        data=segment.data,
        sealed=tuple(segment.sealed),
    )


def _to_export(order: wire.Revive, revived: Revived) -> tuple[Any, Samples, Any]:
    shipped = revived.shipped
    model = shipped.model if shipped is not None and not order.part else _model(revived.kept, order.part)
    described = dict(shipped.described) if shipped is not None else {}
    signature = described.pop("signature", None)
    described.pop("reported", None)
    if order.classes:
        described["classes"] = order.classes
    if order.samples:
        inputs, targets = rows.read(order.samples, order.target)
    elif shipped is not None:
        inputs, targets = shipped.inputs, shipped.targets
    else:
        raise UsageError(
            f"an export is compared on real rows, and nobody told which: {SHIP}; or give --samples FILE or module:function"
        )
    return model, Samples(inputs=inputs, targets=targets, code=Path(order.setup.code), **described), signature


def _reported(order: wire.Revive, revived: Revived) -> dict[str, str]:
    """What training says it reported of the rows that the export was measured on: nothing where model or rows are others."""
    shipped = revived.shipped
    if shipped is None or order.part or order.samples:
        return {}
    kept_apart = order.options.get("precision") == "int8" and shipped.described.get("calibration") is None
    return {} if kept_apart else dict(shipped.described.get("reported", {}))


def _model(kept: dict[str, Any], part: str) -> Any:
    """Of what is kept the part that predicts."""
    known = ", ".join(kept) or "nothing"
    if part:
        if part not in kept:
            raise UsageError(f"--part names something that training keeps, got {part!r}: it keeps {known}")
        return kept[part]
    predicting = [name for name, value in kept.items() if _predicts(value)]
    name = "model" if "model" in predicting else predicting[0] if len(predicting) == 1 else ""
    if not name:
        raise UsageError(f"which of what training keeps is the model? It keeps {known}: give --part NAME, or {SHIP}")
    return kept[name]


def _predicts(value: Any) -> bool:
    return callable(getattr(value, "predict", None)) or (hasattr(value, "state_dict") and hasattr(value, "forward"))


def _notes(revived: Revived) -> list[str]:
    if not revived.failure:
        return []
    last = revived.failure.strip().splitlines()[-1]
    return [f"the training code failed behind its loop, where nothing was trained: {last}"]


def _plain(made: Exported) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(made)
    return plain


def main() -> int:
    """Answer one order on standard input; the exit status."""
    die_with(os.getppid())
    lines = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what user code prints goes where errors go

    def say(line: Line) -> None:
        lines.write(wire.encode(line) + b"\n")
        lines.flush()

    try:
        say(make(wire.decode_order(sys.stdin.buffer.readline()), say))
    except DaybreakError as error:
        if os.environ.get("DAYBREAK_TRACEBACK"):
            traceback.print_exc()
        say(wire.Failed(str(error), usage=isinstance(error, UsageError)))
    except (Exception, SystemExit) as error:  # noqa: BLE001 (whoever ordered it waits for a last line)
        say(wire.Failed(failure(error).tail))
    return 0


if __name__ == "__main__":
    sys.exit(main())
