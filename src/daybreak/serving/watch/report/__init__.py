"""A day of a deployment as one self-contained HTML page: what drifted, by how much, how good the model was. It asks nobody for anything."""

from pathlib import Path

from daybreak.serving.watch import closed
from daybreak.serving.watch.report.page import page


def write(folder: Path, deployment: str, day: str) -> Path:
    """Write a day's report into the deployment's folder; its file. Raises `OSError`."""
    file = folder / closed.REPORTS / f"{day}.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(made(folder, deployment, day), encoding="utf-8")
    partial.replace(file)
    return file


def made(folder: Path, deployment: str, day: str) -> str:
    """A day's report as HTML."""
    return page(deployment, day, list(closed.of_day(folder, day)))
