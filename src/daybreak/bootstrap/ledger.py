"""`python -m daybreak.bootstrap.ledger check|rebuild --home FOLDER`: the ledger's proofs, in a process of their own."""

import argparse
import os
import sys
from pathlib import Path

import msgspec

import daybreak.lifecycle as core
from daybreak.base.errors import DaybreakError
from daybreak.base.home import Home
from daybreak.ledger.check import check
from daybreak.ledger.rebuild import rebuild


def main(words: list[str] | None = None) -> None:
    """Answer `{"result": findings}` or `{"result": what was rebuilt}`, or `{"error", "message"}`."""
    parser = argparse.ArgumentParser(prog="python -m daybreak.bootstrap.ledger", description=__doc__)
    parser.add_argument("what", choices=["check", "rebuild"])
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--ledger", default=os.environ.get("DAYBREAK_LEDGER"))
    options = parser.parse_args(words)
    place = options.ledger or Home(options.home).ledger
    answer: dict[str, object]
    try:
        answer = {"result": check(place, core) if options.what == "check" else rebuild(place, core)}
    except DaybreakError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")


if __name__ == "__main__":
    main()
