"""A trial in this process: trained whole, or frozen at some units and begun again from what it kept."""

from contextlib import suppress

from daybreak.base.ids import AttemptKey
from daybreak.train.checkpoints import Checkpoints
from daybreak.train.codec import load_checkpoint
from daybreak.train.hyperparameters import Hyperparameters
from daybreak.train.leaving import Frozen
from daybreak.train.randomness import Randomness
from daybreak.train.run import Run
from daybreak.vault.store import Vault
from daybreak.wire.worker import Assignment, CheckpointRef, Verdict


class Agent:
    """Answers one attempt: freeze at `target`, or finish there."""

    flush_every = 1e9

    def __init__(self, action):
        self.action = action
        self.saved_last = None
        self.points_told = []

    def points(self, series):
        self.points_told.append(series)

    def can_take_points(self):
        return True

    def ask(self, standing):
        return Verdict(number=1, action=self.action, target=None)

    def freeze_wanted(self):
        return False

    def saved(self, units, digest, size, seconds):
        self.saved_last = CheckpointRef(digest=digest, units=units, size=size)

    def settle(self):
        pass


class Trial:
    """`main(run)` trained up to `units`; files lie in `folder`."""

    def __init__(self, main, folder, units):
        self.main = main
        self.vault = Vault(folder)
        self.units = units

    def train(self, *stops):
        """Frozen at each of `stops`; the last checkpoint."""
        ref = None
        for target in [*stops, self.units]:
            ref = self.attempt(target, "freeze" if target in stops else "finish", ref) or ref
        return ref

    def attempt(self, target, action="finish", start=None, seed=7, **point):
        """One attempt; its last checkpoint, if it wrote one. `said`: what it told people of hyperparameters."""
        self.said = []
        hyperparameters = Hyperparameters(point, self.said.append)
        agent, checkpoints = Agent(action), Checkpoints(self.vault, Randomness(seed), hyperparameters)
        if start is not None:
            checkpoints.load(start)
        run = Run(self._assignment(target, start, seed, point), agent, checkpoints)
        with suppress(Frozen):
            self.main(run)
        run.close()
        self.ended = run
        return agent.saved_last

    def kept(self, ref):
        return load_checkpoint(self.vault.path(ref.digest))

    def _assignment(self, target, start, seed, point):
        return Assignment(
            attempt=AttemptKey(0, 0, 1),
            run="",
            folder=".",
            point=point,
            seed=seed,
            units=start.units if start else 0,
            target=target,
            horizon=self.units,
            objectives={},
            vault="",
            scratch="",
        )
