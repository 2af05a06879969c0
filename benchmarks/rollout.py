"""What tests of champion and challenger promise, by simulation, and what a split costs a request.

    python benchmarks/rollout.py [--tests 4000]

False verdicts with 60 looks (goal: at most 5 %), beside a fixed z-test at the same looks; the same for units with many requests; power
against what `needed` tells; how soon a failing challenger is taken back, and how often a good one is; the cost of a deal, and of folding.
"""

import argparse
import time

import numpy as np

from daybreak.rollout.assignment import Arm, Router, opened
from daybreak.rollout.comparison import Comparison, Rules, Served
from daybreak.rollout.counts import p_of, rate_evidence, ratio_evidence
from daybreak.rollout.outcomes import Outcome, difference, no_sums
from daybreak.rollout.power import needed
from daybreak.rollout.sequential import p_value
from daybreak.serving import deal

ALPHA, Z, LOOKS = 0.05, 1.959964, 60


def conversions(rng, rates, steps, tests):
    """Running hits of two arms, (2, looks, tests); `steps`: (2, looks) new outcomes."""
    return np.stack(
        [
            rng.binomial(step[:, None], rate, (len(step), tests)).cumsum(0)
            for step, rate in zip(steps, rates, strict=True)
        ]
    )


def compared(hits, n):
    smoothed = (hits + 1) / (n + 2)
    return hits[1] / n[1] - hits[0] / n[0], (smoothed * (1 - smoothed) / n).sum(0)


def ever(found):
    return 100 * float(found.any(axis=0).mean())


def false_verdicts(tests):
    print(f"false verdicts with {LOOKS} looks, %, of {tests:,} tests (conversion 10 %, no difference; goal: at most 5)")
    print(f"{'looks at outcomes of each arm':<42}{'fixed z-test':>14}{'effect 0.2 pt':>15}{'2 pt':>8}{'10 pt':>8}")
    plans = {
        "every 500, to 30,000": np.arange(1, LOOKS + 1) * 500,
        "300 to 30,000, evenly in logarithms": np.geomspace(300, 30_000, LOOKS).astype(int),
        "100 to 100,000, evenly in logarithms": np.geomspace(100, 100_000, LOOKS).astype(int),
    }
    for name, sizes in plans.items():
        rng = np.random.default_rng(0)
        steps = np.stack([np.diff(sizes, prepend=0)] * 2)
        value, variance = compared(conversions(rng, (0.1, 0.1), steps, tests), np.stack([sizes[:, None]] * 2))
        ours = [ever(p_value(value, variance, effect) < ALPHA) for effect in (0.002, 0.02, 0.1)]
        print(
            f"{name:<42}{ever(np.abs(value) > Z * np.sqrt(variance)):>14.1f}{ours[0]:>15.1f}{ours[1]:>8.1f}{ours[2]:>8.1f}"
        )


def units(tests):
    """800 units of their own mind, 20 requests each."""
    rng, found = np.random.default_rng(1), np.zeros((tests, 2), bool)
    arms = np.arange(800) % 2
    for test in range(tests):
        liking, sums, naive = (rng.random(800) < 0.5) * 0.8 + 0.1, no_sums(2), np.zeros((2, 2))
        for _ in range(20):
            values = rng.random(800) < liking
            sums.add(arms, np.arange(800), np.ones(800), values)
            naive += [[values[arms == arm].sum(), 400] for arm in (0, 1)]
            share = naive[:, 0] / naive[:, 1]
            one = difference([sums], 0, 1, yes_or_no=True)
            found[test, 0] |= p_value(one.value, one.variance, 0.05) < ALPHA
            found[test, 1] |= p_value(share[1] - share[0], (share * (1 - share) / naive[:, 1]).sum(), 0.05) < ALPHA
    ours, naive = 100 * found.mean(0)
    print(
        f"units with 20 requests each, 20 looks: {ours:.1f} % false by bucket, {naive:.1f} % were requests counted one by one"
    )


def power(tests):
    print("power: outcomes of both arms, told and simulated")
    for champion, effect, share in ((0.1, 0.01, 0.5), (0.1, 0.02, 0.5), (0.3, 0.05, 0.1)):
        told = needed(effect, champion * (1 - champion), (champion + effect) * (1 - champion - effect), share)
        rng, shown = np.random.default_rng(2), []
        for most in (told.half, told.most):
            steps = np.stack([np.full(LOOKS, round(most * part / LOOKS)) for part in (1 - share, share)])
            n = steps.cumsum(1)[:, :, None]
            value, variance = compared(conversions(rng, (champion, champion + effect), steps, tests), n)
            shown.append(ever(p_value(value, variance, effect) < ALPHA))
        print(
            f"  {champion:.0%} + {100 * effect:g} points, {share:.0%} to the challenger: half by {told.half:,} ({shown[0]:.0f} %), "
            f"80 % by {told.most:,} ({shown[1]:.0f} %); a fixed test {told.fixed:,}"
        )


def guards(tests):
    alpha = 0.01 / 3
    for share in (0.01, 0.1, 0.5):
        many = next(n for n in range(1, 100) if p_of(rate_evidence([(0, n, share)])) < alpha)
        print(f"a challenger with {share:.0%} of units that always fails is told after {many} units that met it")
    rng, wrong = np.random.default_rng(3), 0
    for _ in range(tests // 10):
        hits = (rng.random(600) < 0.1).cumsum()
        wrong += any(p_of(rate_evidence([(n - hit, hit, 0.1)])) < alpha for n, hit in enumerate(hits, 1))
    print(
        f"a good one, by that guard over 600 failing units: {1000 * wrong / tests:.2f} % (goal: at most {100 * alpha:.2f})"
    )
    rng, lost = np.random.default_rng(4), []
    for _ in range(200):
        counts = rng.multinomial(100, (0.5, 0.45, 0.05), 400).cumsum(0)[:, :2]
        lost.append(
            100 * (1 + next(n for n, one in enumerate(counts.tolist()) if p_of(ratio_evidence(one, (0.5, 0.5))) < 0.01))
        )
    print(f"an arm of half that loses a tenth of its units is told after {np.median(lost):,.0f} units (median)")


def costs():
    split = opened("spring", Arm("A", "m", "1", "champion"), {Arm("B", "m", "2"): 0.1})
    router, names = Router(split), [f"customer-{number}" for number in range(100_000)]
    for label, work in (("assign", router.assign), ("deal with its text", lambda unit: deal.dealt(router, unit))):
        best = min(_timed(lambda work=work: [work(name) for name in names]) for _ in range(5))
        print(f"{label}: {1e6 * best / len(names):.2f} us a unit")
    test = Comparison(Rules(Outcome("conversion", "conversion", 0.01)), ["A", "B"])
    test.revised(1, {"A": 0.9, "B": 0.1})
    rng, many = np.random.default_rng(5), 20_000
    buckets = rng.integers(0, 10_000, many)
    arms = (buckets >= 9_000).astype(int)
    columns = (
        np.ones(many, int),
        arms,
        buckets,
        rng.integers(0, 2**24, many, np.uint64),
        np.zeros(many, bool),
        rng.random(many),
    )
    best = min(_timed(lambda: test.served(Served(*columns))) for _ in range(10))
    look = min(_timed(lambda: (test.readings(), test.ratio(), test.guards())) for _ in range(10))
    print(f"folding: {1e6 * best / many:.2f} us a request in batches of {many:,}; one look: {1e3 * look:.1f} ms")


def _timed(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tests", type=int, default=4_000)
    tests = parser.parse_args().tests
    false_verdicts(tests)
    units(tests // 10)
    power(tests)
    guards(tests)
    costs()


if __name__ == "__main__":
    main()
