"""`python -m daybreak.server.serve --home FOLDER`: the background process that owns a home and runs its experiments.

It takes the home's lock, opens the ledger, starts the agent, listens, says `ready` on the descriptor it was given, and ends by
itself when it has had nothing to do and nobody to talk to for a while.
"""

import argparse
import contextlib
import errno
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from daybreak.base.errors import DaybreakError, LedgerBusy
from daybreak.base.home import Home

LOOKS, LOOK = 5, 0.01  # looks at a lock that is held, seconds between them
IDLE = 60.0  # seconds without an experiment that runs and without a client, after which the process ends


def main(words: list[str] | None = None) -> int:
    """Serve until idle or told to end; the exit code."""
    options = _options(words)
    tell = _teller(options.ready_fd)
    home = Home(options.home)
    try:
        with _lock(home):
            _serve(home, options, lambda: tell("ready"))
    except HomeBusy as error:
        tell(f"busy: {error}")
    except DaybreakError as error:
        tell(f"{type(error).__name__}: {error}")
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except OSError as error:
        tell(f"ControllerError: {error.strerror}{f': {error.filename}' if error.filename else ''}; {_advice(error)}")
        raise
    except Exception as error:
        tell(f"ControllerError: a fault of Daybreak's own: {type(error).__name__}: {error}; see {home.controller_log}")
        raise
    return 0


class HomeBusy(LedgerBusy):
    """Another controller has the home."""


def _advice(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "free some space, then try again"
    return "mend that, or name another home with --home FOLDER or DAYBREAK_HOME"


def _serve(home: Home, options: argparse.Namespace, ready: Callable[[], None]) -> None:
    from daybreak.bootstrap.app import Settings, build  # noqa: PLC0415 (heavy: after the lock is ours)
    from daybreak.server.service import Service  # noqa: PLC0415

    service = Service(build(Settings(home, options.ledger, options.slots)), home, options.idle)
    os.chdir("/")  # hold on to no folder
    signal.signal(signal.SIGTERM, lambda *_: service.shut_down(freeze=False))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the follower's affair
    try:
        service.start()
        ready()
        service.run()
    finally:
        service.close()


def _options(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m daybreak.server.serve", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--ready-fd", type=int)
    parser.add_argument("--slots", help="4, cpu:4x2, gpu:0,1; else what the machine has")
    parser.add_argument(
        "--ledger", help="a database URL; else ledger.db in the home", default=os.environ.get("DAYBREAK_LEDGER")
    )
    parser.add_argument("--idle", type=float, default=float(os.environ.get("DAYBREAK_IDLE", str(IDLE))))
    return parser.parse_args(words)


def _lock(home: Home) -> IO[str]:
    """The home's lock, ours until it is closed. Raises `HomeBusy`."""
    home.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = home.lock.open("a+")
    for left in reversed(range(LOOKS)):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if left:  # who looks whether the home is owned holds it for a moment (`client.starting`)
                time.sleep(LOOK)
                continue
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            lock.close()
            raise HomeBusy(f"process {owner} is the controller of {home.path}") from error
        break
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _teller(descriptor: int | None) -> Callable[[str], None]:
    told = descriptor is None

    def tell(text: str) -> None:
        nonlocal told
        if not told and descriptor is not None:
            told = True
            with contextlib.suppress(BrokenPipeError):  # who started us has gone: we serve whoever comes
                os.write(descriptor, (text.replace("\n", " ") + "\n").encode())
            os.close(descriptor)

    return tell


if __name__ == "__main__":
    sys.exit(main())
