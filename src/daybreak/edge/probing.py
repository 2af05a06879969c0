"""Try a bundle in a process of its own, so that a model that takes its runtime down takes nothing else with it.

python -m daybreak.edge.probing     # an `Order` as JSON on standard input, an `Answer` on standard output
"""

import subprocess
import sys
import time
from pathlib import Path

import msgspec

from daybreak.base import errors
from daybreak.base.errors import DaybreakError, UnhealthyBundle
from daybreak.edge.health import open_healthy
from daybreak.edge.memory import no_core_dumps
from daybreak.edge.opening import Access
from daybreak.edge.unsealing import unseal
from daybreak.edge.verifying import verify

PATIENCE = 120.0  # seconds in which a model has loaded and answered


class Order(msgspec.Struct, frozen=True):
    """A bundle's file, and how it is opened."""

    bundle: str
    access: Access


class Answer(msgspec.Struct, frozen=True):
    """`seconds`: from the file to the answers; `error`, `kind`: a sentence, and its class in `base.errors`."""

    seconds: float = 0.0
    error: str = ""
    kind: str = ""


def probe(bundle: Path, access: Access, patience: float = PATIENCE) -> float:
    """Seconds until it had answered its examples. Raises `UnhealthyBundle`, and what verifying and opening raise."""
    order = msgspec.json.encode(Order(str(bundle.absolute()), access))
    command = [sys.executable, "-P", "-m", "daybreak.edge.probing"]
    try:
        done = subprocess.run(command, input=order, capture_output=True, timeout=patience, check=False)
    except subprocess.TimeoutExpired as error:
        raise UnhealthyBundle(f"its model did not answer within {patience:.0f} s; bundle a smaller one") from error
    try:
        answer = msgspec.json.decode(done.stdout, type=Answer)
    except msgspec.MsgspecError as error:
        how = f"signal {-done.returncode}" if done.returncode < 0 else f"exit status {done.returncode}"
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2][:200]
        told = f"its model takes the runtime down ({how}){': ' if last else ''}{last}; bundle another version"
        raise UnhealthyBundle(told) from error
    if answer.error:
        raise errors.named(answer.kind, UnhealthyBundle)(answer.error)
    return answer.seconds


def answered(order: Order) -> Answer:
    """Verify, decrypt, load, ask."""
    began = time.monotonic()
    try:
        bundle = verify(Path(order.bundle), order.access.trusted())
        open_healthy(unseal(bundle, order.access.unlock()), bundle.manifest.requires).close()
    except DaybreakError as error:
        return Answer(error=str(error), kind=type(error).__name__)
    return Answer(seconds=time.monotonic() - began)


if __name__ == "__main__":
    no_core_dumps()
    sys.stdout.buffer.write(msgspec.json.encode(answered(msgspec.json.decode(sys.stdin.buffer.read(), type=Order))))
