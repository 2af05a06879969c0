"""How registered models are shown."""

from collections.abc import Iterable
from pathlib import Path

from daybreak.cli.output import console, styled, table
from daybreak.export.parity import Parity
from daybreak.registry.journal import Version
from daybreak.registry.package import Package
from daybreak.release.reported import Held
from daybreak.signature.fields import Field, Output

SHOWN = 6  # classes that a line names
SHORT = 12


def print_model(record: Package, folder: Path, aliases: list[str], version: Version | None) -> None:
    """One version: what it takes, what it gives, how it runs, where it comes from."""
    out = console()
    named = f"{record.name}@{record.version}" + (f"   {', '.join(aliases)}" if aliases else "")
    lines = [
        ("model", named),
        ("", record.description),
        ("runs", _runtime(record)),
        ("steps", " -> ".join([*(one.name for one in record.before), "model", *(one.name for one in record.after)])),
        ("from", _lineage(record)),
        ("metrics", ", ".join(f"{name} {value:.4g}" for name, value in record.metrics.items())),
        ("digest", record.digest[:SHORT]),
        ("folder", str(folder)),
        ("tags", ", ".join(f"{key}={value}" for key, value in (version.tags if version else {}).items())),
    ]
    for name, told in lines:
        if told:
            out.print(styled((f"{name:9}", "dim"), told), soft_wrap=True)
    rows = [["takes", one.name, *_input(one)] for one in record.signature.inputs]
    rows += [["gives", one.name, *_output(one)] for one in record.signature.outputs]
    out.print(table(["", "name", "kind", "what"], rows))
    for limit in record.limits:
        out.print(styled(("limit    ", "yellow"), limit), soft_wrap=True)
    for note in version.notes if version else ():
        out.print(styled(("note     ", "dim"), note), soft_wrap=True)


def print_parity(parity: Parity) -> None:
    """Original against export: the verdict and every comparison."""
    out = console()
    style = "green" if parity.verdict == "passed" else "bold red"
    out.print(styled(("parity   ", "dim"), (parity.verdict, style), f": {parity.why}"), soft_wrap=True)
    if parity.compared:
        rows = [
            [one.output, str(one.batch), str(one.rows), f"{one.largest:.2g}", f"{one.mean:.2g}", str(one.disagreeing)]
            for one in parity.compared
        ]
        out.print(table(["output", "batch", "rows", "largest difference", "mean", "decided otherwise"], rows))


def print_reported(held: Iterable[Held]) -> None:
    """The metrics of training beside those of the export."""
    styles = {"agrees": "green", "differs": "bold red", "not known": "yellow"}
    for one in held:
        console().print(styled(("reported ", "dim"), (one.result, styles[one.result]), f": {one.says}"), soft_wrap=True)


def _runtime(record: Package) -> str:
    if record.runtime.kind == "onnx":
        return f"onnxruntime, {record.runtime.precision}"
    return "Python, in a process of its own"


def _lineage(record: Package) -> str:
    told = record.lineage
    if "run" not in told:
        return f"{told.get('source', 'elsewhere')}, {told.get('framework', '')}"
    at = f"at {told['units']} units, checkpoint {str(told['checkpoint'])[:SHORT]}"
    return f"run {told['run']} {at}, {told.get('framework', '')}"


def _input(field: Field) -> list[str]:
    told = [_shape(field.shape), _range(field.low, field.high), field.unit, _classes(field.classes)]
    told += ["may be left out"] if field.optional else ["may be null"] if field.nullable else []
    return [field.kind, ", ".join(one for one in told if one)]


def _output(output: Output) -> list[str]:
    return [output.kind, ", ".join(one for one in (_shape(output.shape), output.unit, _classes(output.classes)) if one)]


def _shape(shape: tuple[int | None, ...]) -> str:
    return " x ".join("any" if one is None else str(one) for one in shape)


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:g} to {high:g}"


def _classes(classes: tuple[str, ...]) -> str:
    more = f" and {len(classes) - SHOWN} more" if len(classes) > SHOWN else ""
    return ", ".join(classes[:SHOWN]) + more
