"""One tree of errors. A message names the rule, then the values, then what to do.

DaybreakError                    everything raised on purpose; `exit_code` is what the CLI exits with
├── UsageError (2)               the caller asked for something that cannot be
│   ├── BadId                    not an experiment, trial or attempt
│   ├── NotFound                 no such experiment, trial, checkpoint
│   ├── BadRow                   a row that a model's signature does not take: code, row and place in it
│   ├── BadRows                  rows that a model's steps cannot take, each with its reason
│   └── SpecError                an experiment file with one or more faults, each with its place
├── UserCodeError (3)            the user's script or function failed
├── ControllerError (4)          the controller cannot be started or reached
│   └── ConnectionLost           it went away while we were talking
├── LedgerError (5)              the log cannot be opened, read or written
│   ├── LedgerBusy               somebody else holds it
│   ├── LedgerTooNew             written by a newer Daybreak
│   └── LedgerDamaged            what it holds contradicts itself
├── ModelFailed (7)              the runtime, or the worker of a model, failed; no fault of the rows
├── VaultError (6)               a content-addressed file is missing or cannot be written
│   └── DamagedFile              its bytes do not match its name
├── BundleError (8)              an edge bundle that is not served
│   ├── DamagedBundle            it is not whole, or not laid out as one
│   ├── UntrustedBundle          nobody whom the device trusts signed these bytes
│   ├── WrongKey                 neither this key nor this passphrase opens it
│   ├── OlderVersion             the device had a newer one already
│   └── UnhealthyBundle          its model does not load, or does not answer as it should
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


class BadRow(UsageError):
    """A row that a model's signature does not take.

    `code`: bad_json, missing_field, unknown_field, bad_type, bad_shape, bad_value, out_of_range, bad_media, body_too_large, too_many_rows;
    `row`: its place in the request, None where there is no row; `where`: the field and the place in it, as `features[3]`.
    """

    def __init__(self, code: str, message: str, row: int | None = None, where: str = "") -> None:
        super().__init__(code, message, row, where)
        self.code, self.message, self.row, self.where = code, message, row, where

    def __str__(self) -> str:
        return self.message


class BadRows(UsageError):
    """Rows of a batch that a model's steps cannot take: `faults` says why, by row; the others are as good as ever.

    `code`: as in `BadRow`; bad_row where a step has no narrower one.
    """

    def __init__(self, faults: dict[int, str], code: str = "bad_row") -> None:
        super().__init__(faults, code)
        self.faults, self.code = faults, code

    def __str__(self) -> str:
        return "; ".join(f"row {row}: {why}" for row, why in list(self.faults.items())[:10])


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


class ModelFailed(DaybreakError):
    """The runtime, or the worker of a model, failed: not the rows' fault, as far as anybody can tell."""

    exit_code = 7


class VaultError(DaybreakError):
    """A content-addressed file is missing or cannot be written."""

    exit_code = 6


class DamagedFile(VaultError):
    """A file's bytes do not match the hash it is named by."""


class BundleError(DaybreakError):
    """An edge bundle that is not served."""

    exit_code = 8


class DamagedBundle(BundleError):
    """A bundle is not whole, or not laid out as one."""


class UntrustedBundle(BundleError):
    """Nobody whom the device trusts signed these bytes."""


class WrongKey(BundleError):
    """Neither this key nor this passphrase opens it."""


class OlderVersion(BundleError):
    """The device had a newer version already."""


class UnhealthyBundle(BundleError):
    """A model does not load, or does not answer as it should."""


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
