"""One trial trained in a process of its own by a tiny agent: whole, frozen here and there, and killed in the middle of a unit."""

import os
import signal
from pathlib import Path

from daybreak.base.hashing import hash_bytes
from daybreak.train.codec import encode, load_checkpoint
from daybreak.wire import worker as wire

EXAMPLES = Path(__file__).parents[3] / "examples"


class Trial:
    """A trial at one point of the space, with `units` units to do. `agent`: a FakeAgent for its training function."""

    def __init__(self, agent, point, units):
        self.agent = agent
        self.point = point
        self.units = units
        self.reported = {}  # metric -> {step: value}, over all attempts

    def train(self, target=None, start=None, action="finish"):
        """One attempt up to `target` (default: the end); the checkpoint it left."""
        worker = self._launch(target or self.units, start)
        worker.answer(action)
        worker.end()
        assert self.agent.reaped() == 0, self.agent.output()
        self._collect(worker)
        saved = worker.saved()[-1]
        return wire.CheckpointRef(saved.digest, saved.units)

    def train_and_be_killed(self, target, start=None):
        """One attempt that saves at `target`, goes on, and is killed in the unit that follows; the checkpoint it left."""
        worker = self._launch(target, start)
        worker.answer("go", target=self.units, save=True)
        saved = worker.next(wire.Saved)
        os.kill(worker.hello.pid, signal.SIGKILL)
        assert self.agent.reaped() == -signal.SIGKILL
        self._collect(worker)
        return wire.CheckpointRef(saved.digest, saved.units)

    def train_until_it_ends(self, start=None):
        """One attempt that ends by itself before its target; the checkpoint it left."""
        worker = self._launch(self.units, start)
        assert worker.end().reason == "completed", self.agent.output()
        assert self.agent.reaped() == 0, self.agent.output()
        self._collect(worker)
        saved = worker.saved()[-1]
        return wire.CheckpointRef(saved.digest, saved.units)

    def kept(self, ref):
        """What a checkpoint keeps: name -> state."""
        return load_checkpoint(self.agent.vault / ref.digest[:2] / ref.digest[2:])

    def _launch(self, target, start):
        return self.agent.launch(self.point, target=target, horizon=self.units, checkpoint=start)

    def _collect(self, worker):
        for frame in worker.frames:
            if isinstance(frame, wire.Points):
                for name, (steps, values) in frame.series.items():
                    self.reported.setdefault(name, {}).update(zip(steps, values, strict=True))


def compile_once(monkeypatch, folder):
    """What XLA compiles in one attempt, the next one finds: compiling would be most of a test's time. One thread, as on one slot."""
    monkeypatch.setenv("PJRT_NPROC", "1")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(folder / "compiled"))
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")


def digest(*trees):
    """A hash of trees of arrays and tensors."""
    return hash_bytes(b"".join(map(bytes, encode(list(trees)).chunks())))
