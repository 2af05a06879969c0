"""`python -m daybreak.bootstrap.ledger check|rebuild --home FOLDER`: the ledger's proofs, in a process of their own."""

import argparse
import os
import sys
from pathlib import Path

import msgspec

import daybreak.lifecycle as core
from daybreak.base.errors import DaybreakError
from daybreak.base.home import Home
from daybreak.controller.brain import Brain
from daybreak.controller.core import State
from daybreak.ledger.check import check
from daybreak.ledger.rebuild import rebuild
from daybreak.lifecycle.events import AnyEvent


class _Contained:
    """The core with the controller's fence around each step: a fault that was met while running is met here in the same way."""

    def __init__(self) -> None:
        self._brain = Brain(core, lambda _what, _error: None)
        self.take_touched = core.take_touched
        self.rows = core.rows

    def new_state(self) -> State:
        """Nothing has happened yet."""
        self._brain = Brain(core, lambda _what, _error: None)
        return self._brain.state

    def step(self, _state: State, at: float, event: AnyEvent) -> None:
        """Apply one event to the state that was handed out last."""
        self._brain.apply(at, event)


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
        answer = {"result": check(place, _Contained()) if options.what == "check" else rebuild(place, _Contained())}
    except DaybreakError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")


if __name__ == "__main__":
    main()
