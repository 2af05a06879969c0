"""What a proof says to a process that trains one segment of a trial again, and what that process answers, in JSON lines.

    proof                              python -m daybreak.train.segment
    Setup(run, code, folder, ...) ->
                                  <-   Ready(fork | spawn) | Unfit(failure)
    Segment(point, seed, ...)     ->   one at a time; after `spawn` only one
                                  <-   Told(series)         metric points, as hexadecimal floats
                                  <-   Stood(units, ...)    a checkpoint, or the hash of one
                                  <-   Trained(reason, ...) the last line of a segment

Floats travel as `float.hex` gives them, so that every bit, NaN and infinities arrive.
"""

from typing import Any, Literal

import msgspec

from daybreak.wire.worker import CheckpointRef, Failure

End = Literal["freeze", "finish", "return"]  # how a segment ends: frozen, told that it is done, or by itself


class Leaf(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value of a checkpoint: what it is, and the SHA-256 of its bytes in C order."""

    kind: str  # dtype, or the name of a Python type
    sha256: str
    shape: tuple[int, ...] = ()
    tensor: bool = False  # an array or a tensor


class Fingerprint(msgspec.Struct, frozen=True):
    """A checkpoint by hash, whatever its file's encoding. `leaves`: path, such as kept.model.0.weight, to leaf."""

    model: (
        str  # SHA-256 over the tensors of what is kept as `model`, of all that is kept where nothing is; the headline
    )
    kept: str  # over all that is kept
    random: str  # over the random states
    last: str  # over the last reported values
    leaves: dict[str, Leaf] = {}


class Line(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of every line."""


class Setup(Line, frozen=True, tag="setup"):
    """Import user code and prepare it, as a warm parent would."""

    run: str  # "module:function"
    folder: str  # working directory
    code: str  # folder put first on sys.path
    threads: int
    fresh: bool = False  # do not fork: as an attempt that was spawned


class Segment(Line, frozen=True, tag="segment"):
    """Train from `start` (None: from nothing) to `until` units (None: until the function returns)."""

    run: str
    folder: str
    code: str
    point: dict[str, Any]
    seed: int
    horizon: int | None
    until: int | None
    end: End
    vault: str  # of its own; `start` is read from here
    scratch: str
    objectives: dict[str, str] = {}
    data: dict[str, str] = {}  # dataset -> place
    sealed: dict[str, str] = {}  # the same of sealed test data, for a run that scores it
    start: CheckpointRef | None = None
    save_at: tuple[int, ...] = ()  # units at which a checkpoint is written
    environment: dict[str, str] = {}
    threads: int = 1
    rank: int = 0
    world_size: int = 1
    every: bool = False  # the hash of a checkpoint after every unit, which is not kept
    diagnose: bool = False  # torch names the operators that are not deterministic


class Ready(Line, frozen=True, tag="ready"):
    """User code is loaded. `spawn`: this process trains one segment itself."""

    how: Literal["fork", "spawn"]


class Unfit(Line, frozen=True, tag="unfit"):
    """User code cannot be loaded."""

    failure: Failure


class Told(Line, frozen=True, tag="told"):
    """Metric points: name -> (steps, values by float.hex)."""

    series: dict[str, tuple[list[int], list[str]]]


class Stood(Line, frozen=True, tag="stood"):
    """The state after so many units; `digest` is empty where the checkpoint was not kept."""

    units: int
    fingerprint: Fingerprint
    digest: str = ""
    size: int = 0
    limits: tuple[str, ...] = ()  # where bits may part, as adapters say in their states


class Trained(Line, frozen=True, tag="trained"):
    """The segment is over."""

    units: int
    failure: Failure | None = None
    undetermined: tuple[str, ...] = ()  # operators that torch says have no deterministic form, or were not asked for it
    sharded: bool = False  # it cut its batches in logical shards
    libraries: dict[str, str] = {}  # those that were loaded: name to version
    machine: dict[str, Any] = {}  # `provenance.machine.facts`, with what frameworks say
    files: tuple[str, ...] = ()  # of the captured code: those that were imported


FromSegment = Ready | Unfit | Told | Stood | Trained

encode = msgspec.json.Encoder().encode
decode_setup = msgspec.json.Decoder(Setup).decode
decode_segment = msgspec.json.Decoder(Segment).decode
decode_from_segment = msgspec.json.Decoder(FromSegment).decode
