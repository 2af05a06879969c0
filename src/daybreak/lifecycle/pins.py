"""What people pin: a checkpoint that is kept until it is unpinned, whatever becomes of its trial, its rank or the disk's cap."""

from typing import Any

from daybreak.lifecycle.checkpoints import drop, hold
from daybreak.lifecycle.events import Asked
from daybreak.lifecycle.state import Experiment, State, touch

SOMEBODY = "somebody wants it kept"


def asked(state: State, exp: Experiment, event: Asked) -> str:
    """Pin or unpin `{trial, digest, why}`. Otherwise why not. Of an experiment that is over, too."""
    key = _named(event.value)
    if key is None:
        return f"a pin names a checkpoint: {{trial, digest, why}}, got {event.value!r}"
    checkpoint = exp.checkpoints.get(key)
    if checkpoint is None:
        return f"trial {key[0]} has no checkpoint {key[1]:.12}… that is still kept"
    if checkpoint.in_process:
        return f"the checkpoint of trial {key[0]} is a suspended process, which no pin can keep"
    if event.ask == "pin":
        if key not in exp.pins:
            hold(checkpoint)
        known = exp.pins.get(key) or (f"by {event.by}" if event.by else SOMEBODY)
        exp.pins[key] = str(event.value.get("why") or known)
    elif key not in exp.pins:
        return f"the checkpoint {key[1]:.12}… of trial {key[0]} is not pinned"
    else:
        del exp.pins[key]
        drop(state, exp, checkpoint)
    touch(state, exp)
    return ""


def _named(value: Any) -> tuple[int, str] | None:
    if not isinstance(value, dict):
        return None
    trial, digest = value.get("trial"), value.get("digest")
    return (trial, digest) if isinstance(trial, int) and isinstance(digest, str) else None
