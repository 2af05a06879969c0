"""From a spec as loaded to one that can be handed in: folder made absolute, code captured, changes since a first run noticed."""

from pathlib import Path

from daybreak.base.errors import UsageError
from daybreak.base.home import Home
from daybreak.client.capture import TooMuchCode, capture
from daybreak.spec.models import Experiment


def resolve(home: Home, spec: Experiment) -> tuple[Experiment, str]:
    """The spec with an absolute folder and the digest of its captured code; and a warning, empty when there is none.

    Raises `UsageError` when the folder does not exist.
    """
    folder = Path(spec.folder).expanduser().absolute()
    if not folder.is_dir():
        raise UsageError(f"`folder` must be a folder that exists, got {folder}")
    digest, warning = "", ""
    try:
        digest = capture(home, folder)
    except TooMuchCode as error:
        warning = f"the code is not captured: {error}"
    except OSError as error:
        warning = f"the code is not captured: {error.filename}: {error.strerror}"
    return spec.model_copy(update={"folder": str(folder), "code": digest}), warning
