"""One process of `--workers N`: `python -m daybreak.batch.working`, its order on standard input. It ends when that is closed."""

import os
import signal
import sys
import threading

import msgspec

from daybreak.base.errors import DaybreakError
from daybreak.batch.processes import Order


def main() -> int:
    """Do the order; 0, or 1 after an error was told."""
    reports = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what user code and libraries print goes where errors go
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is its parent's to answer
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def say(**told: object) -> None:
        reports.write(msgspec.json.encode(told) + b"\n")
        reports.flush()

    try:
        order.follow(lambda rows, rejected, share: say(rows=rows, rejected=rejected, share=share))
    except DaybreakError as error:
        say(error=type(error).__name__, message=str(error))
        return 1
    say(rows=0, rejected=0, share=1.0)
    return 0


def _end_with_parent() -> None:
    os.read(
        sys.stdin.fileno(), 1
    )  # returns when the parent is gone, or closes it; holds no lock that the interpreter's end needs
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
