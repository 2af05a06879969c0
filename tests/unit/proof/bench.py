"""A bench whose trainings are sums of a few numbers, and a recording of one trial that one of them made."""

import sys
from pathlib import Path

import msgspec

from daybreak.base.hashing import hash_json
from daybreak.base.home import Home
from daybreak.proof.certificate import Certificate
from daybreak.proof.recording import Recording
from daybreak.proof.segments import joined, path
from daybreak.proof.trainers import Outcome
from daybreak.proof.verifying import Wish, verify
from daybreak.spec.models import Experiment
from daybreak.wire.comparison import Comparison
from daybreak.wire.recorded import Attempt, Recorded
from daybreak.wire.rows import ExperimentRow, TrialRow
from daybreak.wire.segment import Fingerprint, Leaf, Stood, Trained
from daybreak.wire.worker import CheckpointRef, Failure

UNITS = 8


class Training:
    """`weights(units, threads, start, world_size, turn)`: the one weight there is; `turn` counts trainings."""

    def __init__(self, weights, *, sharded=False, most=8, refusal="TooManyWorkers", undetermined=(), limits=()) -> None:
        self.weights, self.sharded, self.most, self.undetermined = weights, sharded, most, undetermined
        self.refusal, self.limits = refusal, limits


def steady(units, **_):
    """The same whatever it is trained on."""
    return units / 4


def stood(units, weight):
    leaf = Leaf("float64", hash_json(weight), (1,), tensor=True)
    leaves = {"kept.model.w": leaf, "last.loss": Leaf("float", hash_json(weight))}
    told = Fingerprint(hash_json(weight), hash_json(weight), "", hash_json(weight), leaves)
    return Stood(units, told, hash_json([units, weight]), 8)


class FakeVault(dict[str, Stood]):
    """What was saved, by digest."""

    def path(self, digest):
        return Path(digest)


class FakeBench:
    """Stands for `proof.training.Bench`. `trained`: threads and processes of each training that was asked for."""

    python = sys.executable

    def __init__(self, recording: Recording, training: Training, code: Path) -> None:
        self.recording, self.code, self._training = recording, code, training
        self.vault = FakeVault()
        self.trained = []

    def train(self, stretch, start, *, heard=None, save_at=(), threads=None, world_size=1, every=False, diagnose=False):
        threads, size = threads or stretch.threads, world_size or 1
        self.trained.append((threads, size))
        if size > self._training.most:
            return Outcome(
                failure=Failure(self._training.refusal, f"{size} processes share {self._training.most} shards")
            )
        begin = start.units if start else 0
        outcome = Outcome(units=stretch.until)
        for units in range(begin + 1, stretch.until + 1):
            weight = self._training.weights(
                units=units, threads=threads, start=begin, world_size=size, turn=len(self.trained)
            )
            outcome.points.setdefault("loss", {})[units] = weight
            if every or units in {*stretch.saves, *save_at, stretch.until}:
                outcome.stood[units] = msgspec.structs.replace(stood(units, weight), limits=self._training.limits)
        self.vault |= {one.digest: one for one in outcome.stood.values()}
        undetermined = self._training.undetermined if diagnose else ()
        outcome.trained = Trained(stretch.until, None, undetermined, self._training.sharded, files=("train.py",))
        return outcome

    def compare(self, before, after):
        return Comparison(*(self.vault[str(one)].fingerprint for one in (before, after)))


def recorded_trial(
    folder: Path, weights=steady, threads=1, freezes=(3, UNITS), loss=lambda weight: weight, captured=None
):
    """The recording of a trial that froze at these units, and its points."""
    attempts, begin = [], None
    for epoch, units in enumerate(freezes, 1):
        start = begin.units if begin else 0
        state = stood(units, weights(units=units, threads=threads, start=start, world_size=1, turn=0))
        ref = CheckpointRef(state.digest, units, 8)
        reason = "reached" if units == UNITS else "frozen"
        attempts.append(
            Attempt(1, epoch, "here", "cpu", {"x": 1}, 7, UNITS, [{"DAYBREAK_THREADS": str(threads)}], begin, [ref], "fork", units, reason)
        )  # fmt: skip
        begin = ref
    spec = Experiment.model_validate({
        "name": "toy", "run": "train:main", "folder": str(folder), "objectives": [{"metric": "loss", "direction": "minimize"}],
        "space": {"x": {"kind": "uniform", "low": 0, "high": 1}},
    })  # fmt: skip
    row = ExperimentRow(
        **dict.fromkeys(ExperimentRow.__struct_fields__) | {"experiment": 1, "name": "toy", "spec_hash": "5" * 64}
    )
    trial = TrialRow(**dict.fromkeys(TrialRow.__struct_fields__) | {"experiment": 1, "trial": 1, "units": UNITS})
    told = Recorded(1, 9, ["OMP_NUM_THREADS"], attempts)
    recording = Recording(Home(folder), row, spec, {1: trial}, [], told, captured)
    points = {}
    for piece in path(told, 1):
        for units in range(piece.begin + 1, piece.until + 1):
            points[units] = loss(weights(units=units, threads=threads, start=piece.begin, world_size=1, turn=0))
    return recording, {"loss": points}


ALL = Wish()


def verified(folder: Path, here: Training, wish=ALL, **recorded) -> tuple[Certificate, FakeBench]:
    """A recorded trial trained again by `here`."""
    recording, points = recorded_trial(folder, **recorded)
    bench = FakeBench(recording, here, folder)
    assert joined(path(recording.recorded, 1))[0].until == UNITS
    return verify(recording, recording.trials[1], points, wish, bench, lambda *_: None), bench
