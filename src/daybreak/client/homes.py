"""Which home a command means: what it was told, else the nearest `.daybreak` from here upwards, else `~/.daybreak`."""

import os
import shlex
from pathlib import Path

from daybreak.base.errors import ControllerError, UsageError
from daybreak.base.home import Home

FOLDER = ".daybreak"


def find_home(told: str | Path | None = None, start: Path | None = None) -> Home:
    """The home to use; it need not exist yet.

    `told` (or the environment's DAYBREAK_HOME) wins; else the first `.daybreak` folder found from `start` (the working
    directory) upwards, stopping at the user's own folder; else `~/.daybreak`.
    """
    told = told or os.environ.get("DAYBREAK_HOME")
    if told:
        return Home(Path(told).expanduser().absolute())
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / FOLDER).is_dir():
            return Home(folder / FOLDER)
    return Home(Path.home() / FOLDER)


def home_option(home: Home) -> str:
    """What a command that is suggested to the user needs to find this home again: nothing, or ` --home FOLDER`."""
    return "" if find_home().path == home.path else f" --home {shlex.quote(str(home.path))}"


def make_home(home: Home) -> None:
    """Create the home's folders, `run` for its owner's eyes only.

    Raises `UsageError` when the folder cannot be made or written, `ControllerError` when somebody else owns its sockets' folder.
    """
    try:
        home.path.mkdir(parents=True, exist_ok=True)
        home.run.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.vault.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"a home must be a folder that can be written, got {home.path} ({error.strerror}); "
            "name another with --home FOLDER or DAYBREAK_HOME"
        ) from error
    if not os.access(home.path, os.W_OK):
        raise UsageError(
            f"a home must be a folder that can be written, {home.path} is read-only; "
            "name another with --home FOLDER or DAYBREAK_HOME"
        )
    if home.run.stat().st_uid != os.getuid():
        raise ControllerError(f"{home.run} must belong to you, it belongs to user {home.run.stat().st_uid}")
    home.run.chmod(0o700)
