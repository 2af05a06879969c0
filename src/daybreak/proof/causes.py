"""Why bits part: the same piece is trained again here, in ways that tell one cause from another.

twice here, different     the code is not deterministic: an operator that torch names, a number of threads, or what a look at the
                          captured code finds (a generator without a seed, the time, process ids, the order of addresses)
twice here, equal         the record was made otherwise: interrupted where something is not kept, on other thread counts, with other
                          libraries or instructions, or it was altered since
"""

import os

from daybreak.proof import pinning
from daybreak.proof.certificate import APART, Cause, Check, Parting, State
from daybreak.proof.comparing import compare_points
from daybreak.proof.recording import Curves, Recording
from daybreak.proof.segments import Stretch, cut, path
from daybreak.proof.suspects import suspects
from daybreak.proof.trainers import Outcome
from daybreak.proof.training import Bench
from daybreak.wire.rows import TrialRow
from daybreak.wire.segment import Fingerprint
from daybreak.wire.worker import CheckpointRef

MOST_THREADS = 8  # counts that are tried
FRONT = 6  # suspects that are told

_OPERATOR = (
    "torch has no deterministic form of {names}, or was not asked for it: use another operator, or "
    "torch.use_deterministic_algorithms(True)"
)
_RACE = "its result depends on how {threads} threads share the work: with one thread a slot (--slots cpu:Nx1) it is repeatable"
_UNNAMED = (
    "the code is not deterministic here, and none of its own files says why: look for an unseeded generator, the time or a process id "
    "in what it imports"
)
_NOT_KEPT = (
    "with the interruptions there were it is the same as recorded, in one go it is not: something that changes while it trains is not "
    "kept over a freeze; name it in run.keep(...)"
)
_RESUMED = (
    "from nothing it is the same as recorded, from a checkpoint it is not: something that changes while it trains is not kept over a "
    "freeze; name it in run.keep(...)"
)
_SIZED = (
    "on the recorded number of processes it is the same as recorded, on {size} it is not: something outside the logical shards "
    "(daybreak.sharded) depends on how many processes there are or which one it is"
)
_ALTERED = (
    "the states are the same bits as recorded, some metrics are not: the metrics were altered since, or they follow from something "
    "that no state holds"
)
_DAMAGED = (
    "the recorded checkpoint {digest} at {units} units is damaged: its file in the vault is no longer what its hash says, it was "
    "changed or the disk failed; delete it, and an earlier checkpoint is used"
)
_THREADS = (
    "on {threads} threads it is the same as recorded, on {own} it is not: thread counts change the order of sums; run it on slots "
    "of {threads} threads"
)
_NOTHING = (
    "the code is deterministic here and nothing that was captured is different: the record was made by what is not captured, or "
    "was altered since"
)


def find_cause(
    recording: Recording, trial: TrialRow, recorded: Curves, bench: Bench, stretches: list[Stretch], bad: Check
) -> tuple[Parting, Cause]:
    """Where the bits part first, and the likeliest cause."""
    return _Search(recording, trial, recorded, bench, stretches, bad).found()


class _Search:
    """One search for a cause."""

    def __init__(
        self,
        recording: Recording,
        trial: TrialRow,
        recorded: Curves,
        bench: Bench,
        stretches: list[Stretch],
        bad: Check,
    ) -> None:
        self._recording = recording
        self._trial = trial
        self._recorded = recorded
        self._bench = bench
        self._bad = bad
        self._stretches = stretches
        self._stretch = next(one for one in stretches if one.until >= bad.until)
        self._evidence: list[str] = []

    def found(self) -> tuple[Parting, Cause]:
        """Parting and cause."""
        parting = _parting(self._bad)
        if self._bad.failure:
            return parting, Cause("failure", f"it could not be trained again {self._bad.what}: {self._bad.failure}")
        if (damaged := self._only_damaged()) is not None:
            return parting, Cause("record", _DAMAGED.format(digest=damaged.digest[:12], units=damaged.units))
        start = self._start()
        if start is None and self._stretch.start is not None:
            return parting, Cause(
                "unknown", "the checkpoint that this piece starts from is gone, so nothing more could be tried"
            )
        first, second = (self._again(start, every=True) for _ in range(2))
        apart = first_apart(first, second)
        if apart is not None:
            self._evidence.append("trained twice here, in the same way: the two differ from each other")
            return apart, self._not_deterministic(start)
        self._evidence.append("trained twice here, in the same way: the two are the same bits")
        return parting, self._above_rerun() or self._made_otherwise(start)

    def _start(self) -> CheckpointRef | None:
        """Where the stretch starts, in the bench's vault."""
        start = self._stretch.start
        if start is not None and start.digest not in self._bench.vault:
            if self._recording.checkpoint(start.digest) is None:
                return None
            self._bench.admit(start)
        return start

    def _again(
        self, start: CheckpointRef | None, *, threads: int | None = None, every: bool = False, diagnose: bool = False
    ) -> Outcome:
        return self._bench.train(self._stretch, start, threads=threads, every=every, diagnose=diagnose)

    def _not_deterministic(self, start: CheckpointRef | None) -> Cause:
        diagnosed = self._again(start, diagnose=True).trained
        if diagnosed is not None and diagnosed.undetermined:
            return self._cause("operator", _OPERATOR.format(names=", ".join(diagnosed.undetermined)))
        if self._stretch.threads > 1:
            one, other = (self._again(start, threads=1, every=True) for _ in range(2))
            if first_apart(one, other) is None:
                self._evidence.append("on one thread, twice: the same bits")
                return self._cause("threads", _RACE.format(threads=self._stretch.threads))
            self._evidence.append("on one thread, twice: different")
        lines = suspects(self._bench.code, diagnosed.files if diagnosed is not None else ())
        self._evidence += [str(line) for line in lines[:FRONT]]
        if lines:
            first = lines[0]
            return self._cause(first.kind, f"the code depends on {first.what}, at {first.place}: {first.advice}")
        return self._cause("code", _UNNAMED)

    def _above_rerun(self) -> Cause | None:
        """What its level says by itself, once the rerun has held."""
        if self._bad.level == "resume":
            return self._cause("not kept", _RESUMED)
        if self._bad.level == "elastic":
            return self._cause("processes", _SIZED.format(size=self._bad.world_size))
        return None

    def _made_otherwise(self, start: CheckpointRef | None) -> Cause:
        if self._interrupted_differently():
            return self._cause("not kept", _NOT_KEPT)
        if self._only_points_part():
            return self._cause("record", _ALTERED)
        if (threads := self._other_threads(start)) is not None:
            return self._cause("threads", _THREADS.format(threads=threads, own=self._stretch.threads))
        there = pinning.elsewhere(self._recording, self._bench.python)
        self._evidence += [str(one) for one in there]
        if there:
            one = min(there, key=lambda one: pinning.RANK.index(one.kind))
            return self._cause(one.kind, f"the likeliest is what is not as it was: {one}")
        return self._cause("unknown", _NOTHING)

    def _interrupted_differently(self) -> bool:
        """Whether the recorded segmentation gives the record where one go does not."""
        pieces = cut(path(self._recording.recorded, self._trial.trial), self._bad.until)
        if len(pieces) <= len(self._stretches) or self._bad.level != "rerun":
            return False
        start: CheckpointRef | None = None
        for piece in pieces:
            outcome = self._bench.train(piece, start)
            if not self._like_record(piece, outcome):
                return False
            latest = outcome.latest
            if latest is None:
                return False
            start = CheckpointRef(latest.digest, latest.units, latest.size)
        self._evidence.append(f"trained again in the {len(pieces)} segments that were recorded: as recorded")
        return True

    def _only_damaged(self) -> State | None:
        """A recorded checkpoint that is no longer what its hash says, where nothing else parts."""
        apart = [state for state in self._bad.states if state.standing in APART]
        damaged = all(state.standing == "damaged" for state in apart) and not self._bad.apart
        return apart[0] if apart and damaged else None

    def _only_points_part(self) -> bool:
        states = self._bad.states
        return bool(states) and all(state.standing in ("same file", "same state") for state in states)

    def _other_threads(self, start: CheckpointRef | None) -> int | None:
        """Another thread count that gives the record."""
        for threads in _thread_counts(self._stretch.threads):
            if self._like_record(self._stretch, self._again(start, threads=threads)):
                self._evidence.append(f"on {threads} threads: as recorded")
                return threads
            self._evidence.append(f"on {threads} threads: not as recorded")
        return None

    def _like_record(self, stretch: Stretch, outcome: Outcome) -> bool:
        points = self._recorded if stretch.trial == self._trial.trial else {}
        return (
            outcome.failure is None and not compare_points(points, outcome.points, stretch.begin, stretch.until).apart
        )

    def _cause(self, kind: str, told: str) -> Cause:
        return Cause(kind, told, tuple(self._evidence))


def first_apart(one: Outcome, other: Outcome) -> Parting | None:
    """The first unit and tensor in which two trainings of the same piece differ; None where they are the same bits."""
    for units in sorted({*one.stood} & {*other.stood}):
        before, after = one.stood[units].fingerprint, other.stood[units].fingerprint
        if before != after:
            return Parting(units, tensor=_first_leaf(before, after))
    first = compare_points(one.points, other.points, 0, max(one.units, other.units)).apart
    return Parting(first[0].step, first[0].metric, size=first[0].size) if first else None


def _first_leaf(before: Fingerprint, after: Fingerprint) -> str:
    """Kept before random states before reported values, in the order of the tree."""
    differing = [
        path for path in {**before.leaves, **after.leaves} if before.leaves.get(path) != after.leaves.get(path)
    ]
    return min(differing, key=lambda path: (not path.startswith("kept."), not path.startswith("random.")), default="")


def _parting(bad: Check) -> Parting:
    """By the points, and by the first state that differs."""
    state = next((one for one in bad.states if one.standing in APART), None)
    tensor = state.tensors[0] if state is not None and state.tensors else None
    path, size = (tensor.path, tensor.largest) if tensor is not None else ("", None)
    if bad.apart:
        return Parting(bad.apart[0].step, bad.apart[0].metric, path, size if size is not None else bad.apart[0].size)
    return Parting(state.units if state is not None else None, "", path, size)


def _thread_counts(recorded: int) -> list[int]:
    here = os.cpu_count() or 1
    counts = [1, 2, 4, 8, here]
    return sorted({count for count in counts if count <= max(2, min(here, MOST_THREADS)) and count != recorded})
