"""The story of an exception in user code: what happened, where in the user's own files, and a name for its cause."""

import errno
import importlib
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from daybreak.base.errors import VaultError
from daybreak.base.hashing import hash_bytes
from daybreak.wire.worker import Failure

LONGEST_MESSAGE = 500  # characters
LONGEST_TAIL = 8000
INNERMOST = 3  # user frames that name a cause
_OURS = str(Path(__file__).parent)
_MACHINERY = (_OURS, str(Path(importlib.__file__).parent), "<frozen importlib")


def failure(error: BaseException, *folders: str, kind: str | None = None) -> Failure:
    """Tell what went wrong. `folders`: where the user's files are; frames elsewhere are left out, but for the last."""
    told = traceback.TracebackException.from_exception(error)
    inside = tuple(os.path.realpath(folder) + os.sep for folder in folders)
    own = [frame for frame in told.stack if _is_users(frame, inside)]
    for link in _chain(told):
        link.stack = traceback.StackSummary.from_list(_trim(link.stack, inside))
    return Failure(
        kind=kind or _kind(error),
        message=_message(error)[:LONGEST_MESSAGE],
        tail="".join(told.format())[-LONGEST_TAIL:],
        fingerprint=_fingerprint(error, own or list(told.stack)),
    )


def _kind(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, MemoryError) or name == "OutOfMemoryError":
        return "memory"
    if isinstance(error, SystemExit):
        return "exit"
    if isinstance(error, VaultError) or (isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}):
        return "disk"
    return name


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"the code called sys.exit({error.code!r})"
    if _kind(error) == "memory":
        told = str(error) or "an allocation failed"
        return f"memory ran out ({told}): make the model or its batches smaller, or run fewer trials at once"
    return str(error) or type(error).__name__


def _is_users(frame: traceback.FrameSummary, inside: tuple[str, ...]) -> bool:
    if frame.filename.startswith("<"):  # <frozen importlib._bootstrap>, <string>: no file, wherever we stand
        return False
    path = os.path.realpath(frame.filename)
    in_environment = any(path.startswith(os.path.realpath(place) + os.sep) for place in {sys.prefix, sys.base_prefix})
    return path.startswith(inside) and not path.startswith(_OURS) and not (in_environment and "site-packages" in path)


def _trim(stack: traceback.StackSummary, inside: tuple[str, ...]) -> list[traceback.FrameSummary]:
    """The user's frames, and the one where it happened unless that is ours."""
    kept = [frame for frame in stack if _is_users(frame, inside)]
    if not kept:
        return [frame for frame in stack if not frame.filename.startswith(_MACHINERY)]
    if stack[-1] is not kept[-1] and not stack[-1].filename.startswith(_MACHINERY):
        kept.append(stack[-1])
    return kept


def _chain(told: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    yield told
    for cause in (told.__cause__, told.__context__):
        if cause is not None:
            yield from _chain(cause)


def _fingerprint(error: BaseException, frames: list[traceback.FrameSummary]) -> str:
    places = [f"{Path(frame.filename).name}:{frame.name}:{frame.lineno}" for frame in frames[-INNERMOST:]]
    return hash_bytes("\n".join([type(error).__qualname__, *places]).encode())[:16]
