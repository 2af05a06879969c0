"""Fit the last layer of what a device serves, in a process that may hold torch, and keep what it found."""

import importlib.util
import subprocess
import sys
import time
from collections.abc import Sequence

import msgspec

from daybreak.base import errors
from daybreak.base.errors import NotFound, UnhealthyBundle, UsageError
from daybreak.edge import keys
from daybreak.edge.device.folder import DeviceFolder
from daybreak.edge.health import EXAMPLES, open_healthy
from daybreak.edge.tuning import feedback, local
from daybreak.edge.tuning.order import FEWEST, Answer, Judged, Order, Report
from daybreak.edge.unsealing import unseal
from daybreak.edge.wrapping import Unlock

NEEDED = ("torch", "onnx")


def tune(device: DeviceFolder, trusted: Sequence[keys.SignerPublic], unlock: Unlock, judged: list[Judged]) -> Report:
    """Fit to judged rows, and keep the layer where it is better; the report says whether. What is served follows by itself.

    The fit begins from the signed model each time, not from an earlier fit. Raises `UsageError` (too few rows, a model whose last layer
    cannot be fitted, no torch), `NotFound` where nothing is installed, and what opening a bundle raises.
    """
    if lacking := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        raise UsageError(
            f"a layer is fitted by torch and onnx, {' and '.join(lacking)} missing here: pip install torch onnx"
        )
    if len(judged) < FEWEST:
        raise UsageError(
            f"a layer is fitted to at least {FEWEST} judged rows, got {len(judged)}; serve with --learn and send POST /feedback, "
            "or give --feedback FILE.jsonl"
        )
    installed = device.state.current
    if installed is None:
        raise NotFound("no version is confirmed on this device yet: daybreak edge run BUNDLE.dbk, then tune")
    bundle = device.bundle(installed, trusted)
    files = unseal(bundle, unlock)
    answer = _asked(Order(files, judged, feedback.from_examples(files.get(EXAMPLES, b""))))
    if answer.report is None:
        raise errors.named(answer.kind, UsageError)(answer.error)
    if answer.patch is not None:
        made = local.Tuned(
            bundle.digest,
            bundle.manifest.package.runtime.file,
            answer.patch,
            time.time(),
            msgspec.to_builtins(answer.report),
        )
        open_healthy(local.applied(made, bundle.digest, files), bundle.manifest.requires, tuned=True).close()
        local.keep(device, made)
    return answer.report


def _asked(order: Order) -> Answer:
    """The order goes through a pipe: the decrypted model touches no disk."""
    command = [sys.executable, "-P", "-m", "daybreak.edge.tuning.refitting"]
    done = subprocess.run(command, input=msgspec.msgpack.encode(order), capture_output=True, check=False)
    try:
        return msgspec.msgpack.decode(done.stdout, type=Answer)
    except msgspec.MsgspecError as error:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2][:300]
        raise UnhealthyBundle(
            f"the tuning process ended with {done.returncode}: {last or 'it said nothing'}"
        ) from error
