"""A population that never existed: units, what they are answered, and what comes of it."""

from dataclasses import dataclass, field

import numpy as np

from daybreak.rollout.assignment import Arm, Router, opened
from daybreak.rollout.comparison import Comparison, Rules, Served, Told
from daybreak.rollout.outcomes import Outcome

CONVERSION = Outcome("conversion", "conversion", 0.02)
RULES = Rules(CONVERSION)


def a_split(weight=0.5):
    return opened("spring", Arm("A", "digits", "3", "champion"), {Arm("B", "digits", "4"): weight})


@dataclass
class Population:
    """Traffic of one test. Rates are (champion's, challenger's); `lost`: the share of the challenger's requests that leave no trace."""

    conversions: tuple = (0.1, 0.1)
    failures: tuple = (0.002, 0.002)
    seconds: tuple = (0.002, 0.002)
    lost: float = 0.0
    weight: float = 0.5
    rules: Rules = RULES
    seed: int = 0
    test: Comparison = field(init=False)

    def __post_init__(self):
        self.rng = np.random.default_rng(self.seed)
        self.split = a_split(self.weight)
        self.test = Comparison(self.rules, [arm.name for arm in self.split.dealing])
        self.revise(self.split)

    def revise(self, split):
        self.split = split
        self.test.revised(split.revision, {arm.name: arm.weight for arm in split.dealing})

    def ask(self, requests, units=100_000):
        router, rng = Router(self.split), self.rng
        hashed = [router.hashed(f"unit {number}") for number in rng.integers(0, units, requests)]
        buckets, bits = np.array([one[0] for one in hashed]), np.array([one[1] for one in hashed], np.uint64)
        arms = np.array([router.number_of(bucket) for bucket in buckets])
        there = ~((arms == 1) & (rng.random(requests) < self.lost))
        arms, buckets, bits = arms[there], buckets[there], bits[there]
        revisions = np.full(len(arms), self.split.revision)
        failed = rng.random(len(arms)) < np.take(self.failures, arms)
        seconds = rng.lognormal(np.log(np.take(self.seconds, arms)), 0.5)
        self.test.served(Served(revisions, arms, buckets, bits, failed, seconds))
        hits = rng.random(len(arms)) < np.take(self.conversions, arms)
        self.test.told(
            "conversion",
            Told(revisions[hits], arms[hits], buckets[hits], np.ones(hits.sum()), np.full(hits.sum(), np.nan)),
        )
        return self.test
