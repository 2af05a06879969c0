"""One tree of errors. A message names the rule, then the values, then what to do.

DaybreakError                    everything raised on purpose; `exit_code` is what the CLI exits with
├── UsageError (2)               the caller asked for something that cannot be
│   ├── BadId                    not an experiment, trial or attempt
│   ├── NotFound                 no such experiment, trial, checkpoint
│   └── SpecError                an experiment file with one or more faults, each with its place
├── UserCodeError (3)            the user's script or function failed
├── ControllerError (4)          the controller cannot be started or reached
│   └── ConnectionLost           it went away while we were talking
├── LedgerError (5)              the log cannot be opened, read or written
│   ├── LedgerBusy               somebody else holds it
│   ├── LedgerTooNew             written by a newer Daybreak
│   └── LedgerDamaged            what it holds contradicts itself
├── VaultError (6)               a content-addressed file is missing or cannot be written
│   └── DamagedFile              its bytes do not match its name
└── InvariantBroken (70)         a fault of ours; carries the story that led here
"""

from daybreak.base.faults import Fault, show_faults


class DaybreakError(Exception):
    """Base of every error Daybreak raises on purpose."""

    exit_code = 1


class UsageError(DaybreakError):
    """The caller asked for something that cannot be."""

    exit_code = 2


class BadId(UsageError):
    """Text that is no experiment, trial or attempt."""


class NotFound(UsageError):
    """No such experiment, trial or checkpoint."""


class SpecError(UsageError):
    """An experiment file with one or more faults; `str()` shows them all, each with its place."""

    def __init__(self, message: str = "", faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(message, faults)
        self.message = message or show_faults(faults)
        self.faults = faults

    def __str__(self) -> str:
        return self.message


class UserCodeError(DaybreakError):
    """The user's script or function failed."""

    exit_code = 3


class ControllerError(DaybreakError):
    """The controller cannot be started or reached."""

    exit_code = 4


class ConnectionLost(ControllerError):
    """The other side of a socket went away."""


class LedgerError(DaybreakError):
    """The log cannot be opened, read or written."""

    exit_code = 5


class LedgerBusy(LedgerError):
    """Somebody else holds the ledger."""


class LedgerTooNew(LedgerError):
    """The ledger was written by a newer Daybreak."""


class LedgerDamaged(LedgerError):
    """What the ledger holds contradicts itself."""


class VaultError(DaybreakError):
    """A content-addressed file is missing or cannot be written."""

    exit_code = 6


class DamagedFile(VaultError):
    """A file's bytes do not match the hash it is named by."""


class InvariantBroken(DaybreakError):
    """A fault of Daybreak's own; `story` holds the events that led here."""

    exit_code = 70

    def __init__(self, message: str, story: tuple[object, ...] = ()) -> None:
        self.story = story
        told = "".join(f"\n  {event!r}" for event in story)
        super().__init__(message + ("\nthe story so far:" + told if told else ""))


def named(kind: str, otherwise: type[DaybreakError] = ControllerError) -> type[DaybreakError]:
    """The class that another process named; `otherwise` where there is none of that name."""
    found = globals().get(kind)
    return found if isinstance(found, type) and issubclass(found, DaybreakError) else otherwise
