"""A deployment with a test, and events as its replicas write them."""

import numpy as np

from daybreak.rollout.assignment import Router
from daybreak.rollout.comparison import Rules
from daybreak.rollout.outcomes import Outcome
from daybreak.serving import deal, desired
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.events import Dealt, Feedback, Writer
from daybreak.serving.experiment.record import Challenger, begun
from daybreak.serving.ids import KEY_BYTES, Ids

BEGAN = 1.7e9
RULES = Rules(Outcome("conversion", "conversion", 0.02), (Outcome("rating", "rating", 0.1),))
PLAIN = Deployment("shop", (Served("champion", "digits", 3, "/models/3"),))


def served(name, version):
    return Served(name, "digits", version, f"/models/{version}")


def with_a_test(*others):
    others = others or (Challenger(served("v4", 4), 0.5),)
    return begun(PLAIN, others, RULES, "spring", BEGAN, "header:x-unit-id")


class Traffic:
    """Replicas of a deployment in a folder, without servers: what they would write when units ask."""

    def __init__(self, folder, deployment=None, seed=0):
        self.folder = folder
        self.deployment = desired.write(folder, deployment or with_a_test())
        self.rng = np.random.default_rng(seed)
        self.ids = Ids(b"k" * KEY_BYTES)
        self.writer = Writer(folder / "events", 0)

    def ask(self, requests, rates=None, failures=None, seconds=0.002, at=BEGAN + 10):
        """`rates`, `failures`: by arm; the ids of all requests."""
        router, issued = Router(self.deployment.split), []
        for number in self.rng.integers(0, 10 * requests, requests):
            arm, told = deal.dealt(router, f"unit {number}")
            failed = bool(self.rng.random() < (failures or {}).get(arm.name, 0.0))
            self.writer.add(Dealt(at, arm.name, told, self.rng.lognormal(np.log(seconds), 0.4), failed))
            issued.append(self.ids.issue(arm.name, int(arm.version), at, told))
            if self.rng.random() < (rates or {}).get(arm.name, 0.0):
                self.tell(issued[-1], arm.name, "conversion", 1.0)
        self.writer.flush()
        return issued

    def tell(self, issued, arm, kind, value):
        self.writer.add(Feedback(issued, BEGAN + 20, arm, 4, kind, value))
        self.writer.flush()
