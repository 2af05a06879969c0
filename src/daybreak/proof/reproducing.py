"""Reproduce: train the recorded segments of a trial, or of a whole search, again and hold each against the record.

A segment begins at the checkpoint that its own predecessor was trained to here, so that nothing of the record is trusted but what is
compared; clones begin at their source's. Whatever is ready is trained by whoever is free. What is done is written down as it is done: a
reproduction that was cut off goes on where it was.
"""

import contextlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import msgspec

from daybreak.base.errors import DaybreakError
from daybreak.base.hashing import hash_json
from daybreak.proof.certificate import State
from daybreak.proof.comparing import PointApart, compare_points
from daybreak.proof.recording import Curves, Recording
from daybreak.proof.segments import Stretch, valid_until
from daybreak.proof.states import against_record
from daybreak.proof.trainers import Outcome
from daybreak.proof.training import Bench
from daybreak.wire.worker import CheckpointRef

PREDICTIONS = "kept.predictions"  # what a run keeps under this name is told apart
Key = tuple[int, int]  # trial and epoch

Told = Callable[["Piece"], None]


class Piece(msgspec.Struct, frozen=True, omit_defaults=True):
    """One segment that was trained again."""

    trial: int
    epoch: int
    begin: int
    until: int
    points: int = 0  # compared
    apart: tuple[PointApart, ...] = ()
    largest: float = 0.0  # difference of points
    states: tuple[State, ...] = ()
    sha256: str = ""  # of the model's tensors at its end
    predictions: str = ""  # same, differs, or empty where none are kept
    failure: str = ""
    saved: tuple[CheckpointRef, ...] = ()  # where others may begin

    @property
    def same(self) -> bool:
        """Every point, and every state that could be held against the record."""
        return not (self.failure or self.apart or any(state.standing == "differs" for state in self.states))


class Reproduction:
    """One reproduction in `bench`, whose folder lasts until it is done."""

    def __init__(
        self, recording: Recording, stretches: list[Stretch], recorded: dict[int, Curves], bench: Bench
    ) -> None:
        self._recording = recording
        self._stretches = {_key(stretch): stretch for stretch in stretches}
        self._recorded = recorded
        self._bench = bench
        self._notes = bench.scratch / "pieces"
        self.done = self._found()

    @property
    def pieces(self) -> list[Piece]:
        """All that are done, in the order of the record."""
        return [self.done[key] for key in self._stretches if key in self.done]

    def run(self, workers: int, told: Told) -> None:
        """Train what is not done yet, `workers` segments at a time."""
        self._notes.mkdir(parents=True, exist_ok=True)
        left = {key: stretch for key, stretch in self._stretches.items() if key not in self.done}
        running: dict[Future[Piece], Key] = {}
        with ThreadPoolExecutor(workers) as pool:
            try:
                while left or running:
                    for key in [key for key, stretch in left.items() if self._is_ready(stretch)]:
                        running[pool.submit(self._train, left.pop(key))] = key
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        self._take(running.pop(future), future.result(), told)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._bench.interrupt()  # whoever trains is waiting for a process: its end ends that
                raise

    def _is_ready(self, stretch: Stretch) -> bool:
        return stretch.source is None or stretch.source in self.done or stretch.source not in self._stretches

    def _take(self, key: Key, piece: Piece, told: Told) -> None:
        self.done[key] = piece
        new = self._note(key).with_suffix(".new")
        new.write_bytes(msgspec.json.encode(piece))
        new.replace(self._note(key))
        told(piece)

    def _train(self, stretch: Stretch) -> Piece:
        empty = Piece(stretch.trial, stretch.epochs[0], stretch.begin, stretch.until)
        try:
            start = self._start(stretch)
            outcome = self._bench.train(stretch, start)
        except DaybreakError as error:
            return msgspec.structs.replace(empty, failure=str(error))
        valid = valid_until(self._recording.recorded, stretch)
        recorded = self._recorded.get(stretch.trial, {})
        compared = compare_points(recorded, outcome.points, stretch.begin, stretch.until, valid)
        held = [(at, digest) for at, digest in sorted(stretch.saves.items()) if at in outcome.stood]
        states = tuple(against_record(self._bench, digest, outcome.stood[at]) for at, digest in held)
        return msgspec.structs.replace(
            empty,
            points=compared.points,
            apart=tuple(compared.apart),
            largest=compared.largest,
            states=states,
            sha256=outcome.latest.fingerprint.model if outcome.latest else "",
            predictions=_predictions(outcome, states),
            failure=outcome.failure.message if outcome.failure else "",
            saved=tuple(CheckpointRef(one.digest, one.units, one.size) for one in outcome.stood.values() if one.digest),
        )

    def _start(self, stretch: Stretch) -> CheckpointRef | None:
        """Where it begins here; a checkpoint of the record only where nothing here leads to it. Raises `VaultError`, `UsageError`."""
        if stretch.start is None:
            return None
        source = self.done.get(stretch.source) if stretch.source is not None else None
        own = next((ref for ref in source.saved if ref.units == stretch.begin), None) if source is not None else None
        if own is not None:
            return own
        self._bench.admit(stretch.start)
        return stretch.start

    def _note(self, key: Key) -> Path:
        return self._notes / f"{key[0]}.{key[1]}.json"

    def _found(self) -> dict[Key, Piece]:
        """What an earlier run wrote down; what failed is tried again."""
        found = {}
        for key in self._stretches:
            with contextlib.suppress(OSError, msgspec.MsgspecError):
                piece = msgspec.json.decode(self._note(key).read_bytes(), type=Piece)
                if not piece.failure and all(ref.digest in self._bench.vault for ref in piece.saved):
                    found[key] = piece
        return found


class Verdict(msgspec.Struct, frozen=True):
    """What came of one trial."""

    trial: int
    segments: int
    units: int
    points: int
    metrics: str  # same, differ
    largest: float  # difference of points
    weights: str  # same, differ, "not kept"; "same, as far as kept" where some recorded checkpoints are gone and the bytes are others
    predictions: str  # same, differs, ""
    sha256: str
    first: PointApart | None
    failure: str

    @property
    def same(self) -> bool:
        """Nothing differs, and there was something to compare."""
        return not self.failure and self.metrics == "same" and not self.weights.startswith("differ") and self.points > 0


def verdicts(pieces: Iterable[Piece]) -> list[Verdict]:
    """By trial."""
    by_trial: dict[int, list[Piece]] = {}
    for piece in pieces:
        by_trial.setdefault(piece.trial, []).append(piece)
    return [_verdict(trial, found) for trial, found in sorted(by_trial.items())]


def workers_here(threads: int) -> int:
    """As many segments at a time as there are cores for."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, usable // max(1, threads))


def place(recording: Recording, python: str, stretches: list[Stretch]) -> Path:
    """The folder of a reproduction: another interpreter, other code or other segments have another."""
    told = [python, recording.spec.code, recording.row.spec_hash, [[*_key(one), one.until] for one in stretches]]
    return recording.home.logs(recording.row.experiment).parent / "reproductions" / hash_json(told)[:16]


def _verdict(trial: int, pieces: list[Piece]) -> Verdict:
    apart = [one for piece in pieces for one in piece.apart]
    return Verdict(
        trial=trial,
        segments=len(pieces),
        units=sum(piece.until - piece.begin for piece in pieces),
        points=sum(piece.points for piece in pieces),
        metrics="differ" if apart else "same",
        largest=max(piece.largest for piece in pieces),
        weights=_weights(pieces),
        predictions=next((one for one in ("differs", "same") if any(piece.predictions == one for piece in pieces)), ""),
        sha256=pieces[-1].sha256,
        first=min(apart, key=lambda one: one.step, default=None),
        failure=next((piece.failure for piece in pieces if piece.failure), ""),
    )


def _weights(pieces: list[Piece]) -> str:
    standings = [state.standing for piece in pieces for state in piece.states]
    if "differs" in standings:
        return "differ"
    if "damaged" in standings:
        return "differ: a recorded checkpoint is damaged, its file is no longer what its hash says"
    if not standings:
        return "not kept"
    if standings[-1] == "unknown":
        return "differ, or in another file format: the recorded checkpoint was deleted"
    return "same"


def _predictions(outcome: Outcome, states: tuple[State, ...]) -> str:
    latest = outcome.latest
    if latest is None or not states or not any(path.startswith(PREDICTIONS) for path in latest.fingerprint.leaves):
        return ""
    if states[-1].standing in ("same file", "same state"):
        return "same"
    return "differs" if any(one.path.startswith(PREDICTIONS) for one in states[-1].tensors) else ""


def _key(stretch: Stretch) -> Key:
    return stretch.trial, stretch.epochs[0]
