"""One state held against another: by the hash of its file, else by hashes of what it holds, tensor by tensor."""

from pathlib import Path

from daybreak.base.errors import DamagedFile
from daybreak.proof.certificate import State
from daybreak.proof.training import Bench
from daybreak.wire.comparison import Difference
from daybreak.wire.segment import Fingerprint, Stood

PARTS = ("kept", "random", "last")
MOST = 8  # differing tensors that are told


def against_record(bench: Bench, digest: str, stood: Stood) -> State:
    """Against a recorded checkpoint, which must still be what its hash says where it is kept.

    Equal files prove all; of others what they hold is compared, where the recorded one is kept.
    """
    recorded = bench.recording.checkpoint(digest)
    if recorded is not None and _is_damaged(bench, digest):
        return State(stood.units, "damaged", stood.fingerprint.model, digest)
    if stood.digest == digest:
        return State(stood.units, "same file", stood.fingerprint.model, digest)
    if recorded is None:
        return State(stood.units, "unknown", stood.fingerprint.model, digest)
    return _held(bench, recorded, stood, digest)


def against_outcome(bench: Bench, before: Stood, after: Stood) -> State:
    """Two states that were trained here."""
    if before.digest == after.digest:
        return State(after.units, "same file", after.fingerprint.model, before.digest)
    return _held(bench, bench.vault.path(before.digest), after, before.digest)


def differing_parts(before: Fingerprint, after: Fingerprint) -> tuple[str, ...]:
    """Which of what is kept, the random states and the last values differ."""
    return tuple(part for part in PARTS if getattr(before, part) != getattr(after, part))


def _is_damaged(bench: Bench, digest: str) -> bool:
    try:
        bench.recording.vault.verify(digest)
    except DamagedFile:
        return True
    return False


def _held(bench: Bench, before: Path, stood: Stood, digest: str) -> State:
    found = bench.compare(before, bench.vault.path(stood.digest))
    if found.before is None or found.after is None:
        return State(stood.units, "unknown", stood.fingerprint.model, digest)
    parts = differing_parts(found.before, found.after)
    return State(
        stood.units,
        "differs" if parts else "same state",
        stood.fingerprint.model,
        digest,
        parts,
        tuple(sorted(found.differences, key=_rank)[:MOST]),
        len(found.differences),
    )


def _rank(difference: Difference) -> int:
    """What is kept before random states, and these before reported values."""
    return next((place for place, part in enumerate(PARTS) if difference.path.startswith(part)), len(PARTS))
