"""What an agent and the warm parent of an experiment say to each other.

The agent starts `python -m daybreak.train.parent` with one end of a Unix socket pair as a file descriptor (its number is the only
argument), sends `Warm`, and waits for `Begun`, which comes at once, and for `Ready` or `Unfit`, which may take long. From then on each
`Fork` makes one attempt's process; the parent reaps its children and says how they ended. When the socket closes, the parent ends its
children's groups and itself.

    agent                       parent
    Warm(run, folder, ...) ->
                           <-   Begun
                           <-   Ready(how, ...) | Unfit(failure)
    Fork(attempt, ...)     ->
                           <-   Forked(attempt, pid)
                           <-   Reaped(attempt, pid, status)
"""

from typing import Literal

import msgspec

from daybreak.base.ids import AttemptKey
from daybreak.wire.worker import Failure

How = Literal["fork", "bare_fork", "spawn"]


class ParentFrame(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of every frame."""


class Warm(ParentFrame, frozen=True, tag="warm"):
    """Import the user's module, warm its frameworks up, run its `prepare()`."""

    run: str  # "module:function"
    folder: str  # working directory, where data is
    code: str  # folder put first on sys.path: the same as `folder`, or a captured copy of it
    threads: int  # CPU threads of one slot
    how: How | None = None  # ask for one way; None: the best that is safe


class Begun(ParentFrame, frozen=True, tag="begun"):
    """The interpreter runs and knows what it is for; code of the user's is next, and may take as long as it wants."""


class Ready(ParentFrame, frozen=True, tag="ready"):
    """Attempts can be started.

    `fork`: from a parent that holds the user's imports and `prepare()`; `bare_fork`: from one that holds frameworks only, the
    user's module is imported in the child; `spawn`: a fresh interpreter each.
    """

    how: How
    why: str  # for people: why not a better way ("pyarrow started 2 threads on import")
    seconds: float
    modules: int
    resident: int  # bytes


class Unfit(ParentFrame, frozen=True, tag="unfit"):
    """The user's module cannot be imported, has no such function, or `prepare()` failed."""

    failure: Failure


class Fork(ParentFrame, frozen=True, tag="fork"):
    """Start one process of an attempt: its own process group, output to `log` (appended), `environment` added to its own.

    It connects to `socket`, says Hello with `token`, and goes on as in `wire.worker`.
    """

    attempt: AttemptKey
    token: str
    socket: str
    log: str
    environment: dict[str, str]
    rank: int = 0


class Forked(ParentFrame, frozen=True, tag="forked"):
    """The process is there."""

    attempt: AttemptKey
    pid: int
    rank: int = 0


class Reaped(ParentFrame, frozen=True, tag="reaped"):
    """The process has ended. `status`: exit code, or minus the signal's number."""

    attempt: AttemptKey
    pid: int
    status: int
    rank: int = 0


FromParent = Begun | Ready | Unfit | Forked | Reaped
ToParent = Warm | Fork

encode = msgspec.msgpack.Encoder().encode
decode_from_parent = msgspec.msgpack.Decoder(FromParent).decode
decode_to_parent = msgspec.msgpack.Decoder(ToParent).decode
