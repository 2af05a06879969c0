"""The interpreter that a run is reproduced with: the run's own while it is as it was, else its environment made again."""

from collections.abc import Callable
from pathlib import Path

from daybreak.base.errors import DaybreakError, UsageError
from daybreak.proof.recording import Recording
from daybreak.provenance import environment
from daybreak.provenance.installed import look, searched

FOLDER = "recreated"  # of a home; environments by the first digits of their lock


def environment_for(recording: Recording, tell: Callable[[str], None]) -> tuple[str, str]:
    """The interpreter, and in words where it comes from. Raises `UsageError` where none can be had, and says which packages are missing."""
    captured = recording.captured
    if captured is None or not captured.environment.lock:
        return _own(recording)
    if _unchanged(recording):
        return recording.python, f"the run's own, {recording.python}: every package has its recorded version"
    folder = recording.home.path / FOLDER / captured.environment.lock[:16]
    python = folder / "bin" / "python"
    if not python.is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        python = environment.recreate(captured, recording.vault, folder, progress=tell)
    return str(python), f"made again from its lock, {captured.environment.lock[:12]}, in {folder}"


def _own(recording: Recording) -> tuple[str, str]:
    python = recording.python
    if not Path(python).is_file():
        raise UsageError(
            f"the run's environment was not captured, and its interpreter {python} is not on this machine: "
            "activate an environment that has what the code needs, and use --here"
        )
    return python, f"the run's own, {python}, as it is now: it was not captured"


def _unchanged(recording: Recording) -> bool:
    captured, spec = recording.captured, recording.spec
    if captured is None or not Path(recording.python).is_file():
        return False
    try:
        here = look(recording.home, recording.python, searched(spec.environment))
    except DaybreakError:
        return False
    return here.python == captured.environment.python and here.versions == captured.environment.packages
