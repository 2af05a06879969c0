"""An unedited command run again for a proof: what `python -m daybreak.bootstrap.script` is asked on standard input, and its result."""

from typing import Any

import msgspec


class Again(msgspec.Struct):
    """Run a trial's command once more, in a fresh folder of its own."""

    spec: dict[str, Any]
    home: str
    trial: str  # 3.17
    point: dict[str, Any]
    seed: int
    environment: dict[str, str]  # its slots', as recorded
    scratch: str  # DAYBREAK_CHECKPOINT_DIR
    until: int  # end it at so many units
    moment: float = 0.0  # seconds after which; by then it may have ended by itself


class Printed(msgspec.Struct):
    """What came of it. Values by float.hex."""

    series: dict[str, tuple[list[int], list[str]]]
    units: int
    status: int | None  # exit code, minus a signal's number; None: we ended it
    tail: str  # the last lines of its output, without secrets
    files: dict[str, str]  # of the scratch folder: relative path -> blake3
