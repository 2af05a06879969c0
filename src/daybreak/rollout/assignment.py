"""Who is answered by which arm: a salted hash of the unit falls into one of 10,000 buckets, and every bucket belongs to one arm.

A **unit** is what must always meet the same arm: a customer, a device, a session; where a request names none, the request is its own
unit (a weighted canary). Only the hash decides: no table of units is kept, and every replica decides alike.

Ramps never move an assigned unit: a growing arm takes buckets from the champion alone, so a unit that has met a challenger
stays with it until that arm is stopped. Shadow arms own no bucket: theirs are the buckets whose requests are mirrored to them.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from daybreak.base.errors import NotFound, UsageError

BUCKETS = 10_000
SALT_BYTES = 64  # the most that blake2b takes in one block before the unit
LONGEST = 64  # bytes of an arm's name
Role = Literal["champion", "challenger", "shadow"]
Ranges = tuple[tuple[int, int], ...]


class Arm(Struct, frozen=True):
    """One version that answers a part of the requests. `ranges`: half-open ranges of buckets, ascending, none touching the next."""

    name: str
    model: str
    version: str
    role: Role = "challenger"
    ranges: Ranges = ()

    @property
    def weight(self) -> float:
        """The share of all units, 0 to 1."""
        return sum(stop - start for start, stop in self.ranges) / BUCKETS


class Split(Struct, frozen=True):
    """Who answers whom. `salt` is a test's own, so that the next test deals units anew; `revision` counts ramps.

    `unit`: where a request names its unit: `header:x-unit-id`, `field:customer`, or nothing where every request stands for itself.
    """

    salt: str
    arms: tuple[Arm, ...]
    unit: str = "header:x-unit-id"
    revision: int = 1

    @property
    def champion(self) -> Arm:
        """The arm that everybody met before the test."""
        return next(arm for arm in self.arms if arm.role == "champion")

    @property
    def dealing(self) -> tuple[Arm, ...]:
        """The arms whose answers are returned: the champion first, then its challengers."""
        return (self.champion, *(arm for arm in self.arms if arm.role == "challenger"))

    @property
    def shadows(self) -> tuple[Arm, ...]:
        """The arms whose answers are compared and never returned."""
        return tuple(arm for arm in self.arms if arm.role == "shadow")

    def arm(self, name: str) -> Arm:
        """The arm of this name. Raises `NotFound`."""
        found = next((arm for arm in self.arms if arm.name == name), None)
        if found is None:
            raise NotFound(f"no arm {name!r}: this test has {', '.join(arm.name for arm in self.arms)}")
        return found


def checked(split: Split) -> Split:
    """The split itself. Raises `UsageError` unless one champion and its challengers own every bucket exactly once."""
    names = [arm.name for arm in split.arms]
    if len(set(names)) < len(names) or not all(names):
        raise UsageError(f"arms of a test must have names of their own, got {', '.join(map(repr, names))}")
    for name in names:
        if len(name.encode()) > LONGEST:
            raise UsageError(f"an arm's name has at most {LONGEST} bytes (it stands in every request id), got {name!r}")
    if sum(arm.role == "champion" for arm in split.arms) != 1:
        raise UsageError(
            f"a test has exactly one champion, got {', '.join(arm.role for arm in split.arms) or 'no arm'}"
        )
    if not 0 < len(split.salt.encode()) <= SALT_BYTES:
        raise UsageError(f"a salt has 1 to {SALT_BYTES} bytes, got {len(split.salt.encode())}")
    if (split.unit and split.unit.partition(":")[0] not in {"header", "field"}) or split.unit.endswith(":"):
        raise UsageError(f"a unit is named `header:NAME` or `field:NAME`, or not at all, got {split.unit!r}")
    for arm in split.arms:
        if any(not 0 <= start < stop <= BUCKETS for start, stop in arm.ranges):
            raise UsageError(f"ranges of buckets lie within 0 to {BUCKETS}, got {arm.ranges} of arm {arm.name!r}")
    owned = sorted(piece for arm in split.dealing for piece in arm.ranges)
    if joined(owned) != ((0, BUCKETS),) or sum(stop - start for start, stop in owned) != BUCKETS:
        raise UsageError(f"champion and challengers own each of the {BUCKETS} buckets once, got {owned}")
    return split


def joined(ranges: list[tuple[int, int]] | Ranges) -> Ranges:
    """Ranges in ascending order, with those that touch or overlap made one."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], stop))
        else:
            found.append((start, stop))
    return tuple(found)


def opened(salt: str, champion: Arm, others: Mapping[Arm, float], unit: str = "header:x-unit-id") -> Split:
    """A test that begins: `others` (challengers, shadows) with the share of units that each gets, 0 to 1; the champion keeps the rest.

    Raises `UsageError` where shares do not fit.
    """
    first = replace(champion, role="champion", ranges=((0, BUCKETS),))
    split = checked(Split(salt, (first, *(replace(arm, ranges=()) for arm in others)), unit, revision=0))
    return ramped(split, {arm.name: share for arm, share in others.items()})


def ramped(split: Split, weights: Mapping[str, float]) -> Split:
    """The split with larger shares, 0 to 1, for the arms named; what they gain the champion loses, nobody else moves.

    Raises `UsageError` for a share that shrinks (it would move units that have met an arm: stop that arm instead) or does not fit,
    `NotFound` for an arm that is not there.
    """
    for name, weight in weights.items():
        arm = split.arm(name)
        wanted = _buckets(weight, name)
        if arm.role == "champion":
            raise UsageError("the champion has what the others leave: give the weights of challengers")
        if arm.role == "shadow":
            split = _with(split, replace(arm, ranges=((0, wanted),) if wanted else ()))
            continue
        more = wanted - round(arm.weight * BUCKETS)
        if more < 0:
            raise UsageError(
                f"a ramp only grows, so that no unit changes arms: {name} has {arm.weight:.2%}, got {weight:.2%}; "
                f"stop {name} to give its units back to the champion"
            )
        split = _grown(split, arm, more)
    return checked(replace(split, revision=split.revision + 1))


def _buckets(weight: float, name: str) -> int:
    if not 0 <= weight <= 1:
        raise UsageError(f"a weight is a share of all units, 0 to 1, got {weight} for {name}")
    return round(weight * BUCKETS)


def _grown(split: Split, arm: Arm, more: int) -> Split:
    champion = split.champion
    left, taken = list(champion.ranges), []
    if more > round(champion.weight * BUCKETS):
        raise UsageError(
            f"weights of challengers sum to at most 1: {arm.name} asks for {(arm.weight * BUCKETS + more) / BUCKETS:.2%}, "
            f"the champion has {champion.weight:.2%} to give"
        )
    while more:
        start, stop = left.pop()
        cut = max(start, stop - more)
        taken.append((cut, stop))
        more -= stop - cut
        if cut > start:
            left.append((start, cut))
    return _with(
        _with(split, replace(champion, ranges=tuple(left))), replace(arm, ranges=joined([*arm.ranges, *taken]))
    )


def stopped(split: Split, name: str) -> Split:
    """The split without an arm: its buckets go back to the champion. Raises `NotFound`, `UsageError` for the champion itself."""
    arm = split.arm(name)
    if arm.role == "champion":
        raise UsageError(f"{name} is the champion, whom everybody else falls back to: stop the challengers")
    rest = replace(split, arms=tuple(one for one in split.arms if one is not arm), revision=split.revision + 1)
    if arm.role == "shadow":
        return rest
    champion = rest.champion
    return checked(_with(rest, replace(champion, ranges=joined([*champion.ranges, *arm.ranges]))))


def _with(split: Split, arm: Arm) -> Split:
    return replace(split, arms=tuple(arm if one.name == arm.name else one for one in split.arms))


class Router:
    """A split made ready for the hot path: from the name of a unit to arms in about a microsecond. Holds no state of requests."""

    def __init__(self, split: Split) -> None:
        self.split = checked(split)
        self._salted = blake2b(split.salt.encode().ljust(SALT_BYTES, b"\0"), digest_size=16)
        self.arms = split.dealing  # an arm's place here is its number in events
        self._numbers = bytearray(BUCKETS)
        for number, arm in enumerate(self.arms):
            for start, stop in arm.ranges:
                self._numbers[start:stop] = bytes([number]) * (stop - start)
        self.mirrors = [  # of shadow arms: the bucket before which they see requests
            (arm.ranges[0][1], arm) for arm in split.shadows if arm.ranges
        ]

    def hashed(self, unit: str) -> tuple[int, int]:
        """A unit's bucket, and 64 bits of its hash that are independent of the bucket (to know it again without its name)."""
        salted = self._salted.copy()
        salted.update(unit.encode())
        value = int.from_bytes(salted.digest(), "little")
        return (value & 0xFFFFFFFFFFFFFFFF) % BUCKETS, value >> 64

    def bucket(self, unit: str) -> int:
        """The bucket of a unit, 0 to 9,999."""
        return self.hashed(unit)[0]

    def arm_of(self, bucket: int) -> Arm:
        """The arm that answers the units of a bucket."""
        return self.arms[self._numbers[bucket]]

    def number_of(self, bucket: int) -> int:
        """The place of that arm in `arms`."""
        return self._numbers[bucket]

    def assign(self, unit: str) -> Arm:
        """The arm that answers a unit."""
        return self.arms[self._numbers[self.hashed(unit)[0]]]

    def mirrored(self, bucket: int) -> list[Arm]:
        """The shadow arms that see the requests of a bucket, too."""
        return [arm for stop, arm in self.mirrors if bucket < stop]
