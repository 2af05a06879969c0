"""The one binary tree in which S shards are summed, and who sums which part of it on W workers. Pure arithmetic.

    shards   0   1   2   3   4   5   6   7          S = 8
             └─+─┘   └─+─┘   └─+─┘   └─+─┘
               └───+───┘       └───+───┘            the left operand is always the one of lower number
                   └───────+───────┘

S and W are powers of two and W <= S, so worker w holds the whole subtree of shards [w L, (w + 1) L), L = S / W. It sums them one after
another, as a binary counter carries: log2 L partial sums are held, not L gradients. Above that the workers halve and double (Rabenseifner,
2004; Thakur, Rabenseifner & Gropp, 2005): in round r worker w meets w XOR 2^r, its sibling in the tree; each sends the half of the range
that the other goes on with and adds what it receives to its own half. After log2 W rounds each worker has the sum of all for 1/W of the
range; the same rounds backwards hand the parts round. Each sends 2 (W - 1) / W of the bytes, as in a ring.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from daybreak.base.errors import UsageError

T = TypeVar("T")


class TooManyWorkers(UsageError):
    """More workers than shards, or a number of them that is no power of two."""


class Round(NamedTuple):
    """One meeting of two workers, as one of them sees it; ranges are [start, stop) of the flat gradient."""

    partner: int
    keep: tuple[int, int]  # the half this worker goes on with
    give: tuple[int, int]  # the half the partner goes on with
    left: bool  # this worker's sum is the left operand


def check(shards: int, workers: int) -> None:
    """Raise `UsageError`, naming the nearest choices, unless both are powers of two and workers <= shards."""
    if not _is_power(shards):
        raise UsageError(f"the number of shards must be a power of two, got shards={shards}: take {_nearest(shards)}")
    if not _is_power(workers) or workers > shards:
        raise TooManyWorkers(
            f"{shards} shards are computed by a power of two of workers, at most {shards}; got {workers} workers: take "
            f"{_nearest(workers, shards)} (slots in the experiment file, --slots, or --nproc-per-node)"
        )


def own(shards: int, workers: int, rank: int) -> range:
    """The shards that worker `rank` computes."""
    each = shards // workers
    return range(rank * each, (rank + 1) * each)


def level(index: int) -> int:
    """On which of the held partial sums leaf `index` of a worker goes: an even leaf begins that sum, an odd one is added to it."""
    return (index >> 1).bit_count()


def carries(index: int) -> int:
    """How many times, after leaf `index`, the topmost partial sum is added to the one below it."""
    trailing_ones = (~index & (index + 1)).bit_length() - 1
    return max(0, trailing_ones - 1)


def levels(leaves: int) -> int:
    """How many partial sums a worker with so many leaves holds at once; the lowest becomes the sum of all."""
    return max(1, leaves.bit_length() - 1)


def rounds(workers: int, rank: int, length: int) -> list[Round]:
    """The meetings of worker `rank`, in order, over a range of `length` elements; `length` must be a multiple of `workers`."""
    plan, (start, stop) = [], (0, length)
    for number in range(workers.bit_length() - 1):
        middle = (start + stop) // 2
        low, high = (start, middle), (middle, stop)
        left = not rank >> number & 1
        keep, give = (low, high) if left else (high, low)
        plan.append(Round(rank ^ 1 << number, keep, give, left))
        start, stop = keep
    return plan


def fold(parts: Sequence[T], add: Callable[[T, T], T]) -> T:
    """The sum of a power of two of parts, in the tree."""
    while len(parts) > 1:
        parts = [add(left, right) for left, right in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def _is_power(number: int) -> bool:
    return number > 0 and number.bit_count() == 1


def _nearest(number: int, most: int | None = None) -> str:
    """The powers of two just below and above, as text."""
    if number < 1:
        return "1"
    below = 1 << (number.bit_length() - 1)
    around = [power for power in dict.fromkeys((below, below * 2)) if most is None or power <= most]
    if _is_power(number):  # it is only too many
        around = []
    return " or ".join(map(str, around)) or str(most)
