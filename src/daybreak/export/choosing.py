"""Which of a model's ways is gone: the first whose export answers as the original does."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from daybreak.base.errors import DaybreakError, UsageError
from daybreak.export import graph, precision
from daybreak.export.judging import Judge, Judged
from daybreak.export.opening import Opened
from daybreak.export.options import Options
from daybreak.export.source import Made, Way
from daybreak.export.stage import Stage

Told = Callable[[str], None]


@dataclass(frozen=True)
class Chosen:
    """The export that lies in the folder now. `tried`: what became of the other ways, in sentences."""

    made: Made
    judged: Judged
    tried: tuple[str, ...]


def first_alike(original: Opened, judge: Judge, stage: Stage, options: Options, folder: Path, told: Told) -> Chosen:
    """Where none answers alike it is the first that could be gone, with its failed parity.

    Raises `UsageError` where none could be gone.
    """
    tried: list[str] = []
    first: tuple[Made, Judged, int] | None = None
    shipped = _files(folder)
    with tempfile.TemporaryDirectory() as aside:
        for way in original.source.ways(original.held, options):
            try:
                made, judged = _gone(way, judge, stage, options, folder, told)
            except DaybreakError as error:  # of the model's runtime, too: another way may do without what failed
                tried.append(f"{way.name} was tried and cannot be: {error}")
                _remove(folder, shipped)
                continue
            if judged.parity.verdict == "passed":
                return Chosen(made, judged, tuple(tried))
            if first is None:
                first = made, judged, len(tried)
                shutil.copytree(folder, aside, dirs_exist_ok=True)
            tried.append(f"{way.name} was tried and answers otherwise: {judged.parity.why}")
            _remove(folder, shipped)
        if first is None:
            raise UsageError(f"the model cannot be exported. {'; '.join(tried)}")
        shutil.copytree(aside, folder, dirs_exist_ok=True)
    made, judged, place = first
    return Chosen(made, judged, (*tried[:place], *tried[place + 1 :]))


def _files(folder: Path) -> set[Path]:
    return {file for file in folder.rglob("*") if file.is_file()}


def _remove(folder: Path, shipped: set[Path]) -> None:
    """What a way wrote that was not taken."""
    for file in _files(folder) - shipped:
        file.unlink()


def _gone(way: Way, judge: Judge, stage: Stage, options: Options, folder: Path, told: Told) -> tuple[Made, Judged]:
    told(f"exporting by way of {way.name}")
    made = way.write(folder)
    if made.runtime.kind == "onnx":
        if options.optimise:
            graph.optimise(folder / made.runtime.file)
        made = precision.lowered(made, judge, stage, options, folder)
    told(f"comparing {way.name} with the original")
    return made, judge.judge(made)
