"""The slots there are, and which of them are free.

All operations are O(log n) in the slots of a machine and the machines of a kind: free slots lie in heaps per machine and kind,
machines in sorted lists per number of free slots.
"""

from bisect import bisect_left, insort
from collections.abc import Collection, Container
from dataclasses import dataclass, field
from heapq import heappop, heappush

from daybreak.scheduling.values import Kind

Places = Collection[tuple[str, int]]  # (machine, slot)
KINDS: tuple[Kind, ...] = ("gpu", "mig", "cpu")  # the order in which "any" looks


@dataclass(slots=True)
class _Shelf:
    """The slots of one kind on one machine."""

    free: set[int] = field(default_factory=set)
    held: set[int] = field(default_factory=set)
    order: list[int] = field(default_factory=list)  # heap; may hold numbers that are no longer free

    def put(self, number: int) -> None:
        self.free.add(number)
        heappush(self.order, number)

    def lowest(self) -> int:
        while True:
            number = heappop(self.order)
            if number in self.free:
                self.free.discard(number)
                return number

    def lowest_but(self, avoided: set[int]) -> int:
        """O(free slots): rare enough."""
        number = min(self.free - avoided)
        self.free.discard(number)
        return number

    @property
    def total(self) -> int:
        return len(self.free) + len(self.held)


@dataclass(slots=True)
class _Kind:
    """All machines' slots of one kind."""

    shelves: dict[str, _Shelf] = field(default_factory=dict)
    by_free: list[tuple[int, str]] = field(default_factory=list)  # sorted (free slots, machine), those with any
    free: int = 0
    total: int = 0


@dataclass(slots=True)
class Pool:
    """Every slot offered by a machine is either free or held. Mutated in place by its one owner."""

    kinds: dict[str, _Kind] = field(default_factory=lambda: {kind: _Kind() for kind in KINDS})
    where: dict[tuple[str, int], str] = field(default_factory=dict)  # (machine, slot) -> kind
    used: int = 0  # slots held that are still offered
    idle: int = 0  # slots free, of all kinds

    def offer(self, machine: str, number: int, kind: str, *, held: bool = False) -> bool:
        """A slot exists from now on; False when it was there already. `held`: it came back before its holder let go of it."""
        if (machine, number) in self.where:
            return False
        self.where[machine, number] = kind
        self.kinds[kind].total += 1
        if held:
            self.kinds[kind].shelves.setdefault(machine, _Shelf()).held.add(number)
            self.used += 1
        else:
            self._free(machine, kind, number)
        return True

    def lose(self, machine: str, number: int) -> bool:
        """A slot is gone; True when it was held. Unknown slots are not an error."""
        kind = self.where.pop((machine, number), None)
        if kind is None:
            return False
        self.kinds[kind].total -= 1
        shelf = self.kinds[kind].shelves[machine]
        if number in shelf.held:
            shelf.held.discard(number)
            self.used -= 1
            return True
        before = len(shelf.free)
        shelf.free.discard(number)
        self._move(kind, machine, before, len(shelf.free))
        return False

    def numbers(self, machine: str) -> list[int]:
        """All slots a machine offers, ascending."""
        return sorted(n for kind in self.kinds.values() if (s := kind.shelves.get(machine)) for n in (*s.free, *s.held))

    def take(
        self, kind: Kind, count: int, machines: Container[str] | None = None, avoids: Places = ()
    ) -> tuple[str, tuple[int, ...]] | None:
        """`count` free slots of one kind on one machine (of `machines`, if told), lowest numbers first; None when there are none such.

        None of `avoids` is taken.

        The machine with the fewest free slots that suffice is taken, so that large gangs find room later.
        """
        for each in KINDS if kind == "any" else (kind,):
            machine = self._machine(each, count, machines, avoids)
            if machine is not None:
                shelf = self.kinds[each].shelves[machine]
                before = len(shelf.free)
                avoided = _on(machine, avoids)
                slots = tuple(shelf.lowest_but(avoided) if avoided else shelf.lowest() for _ in range(count))
                shelf.held.update(slots)
                self.used += count
                self._move(each, machine, before, before - count)
                return machine, slots
        return None

    def release(self, machine: str, slots: tuple[int, ...]) -> None:
        """Held slots are free again; those that were lost meanwhile are forgotten."""
        for number in slots:
            kind = self.where.get((machine, number))
            if kind is not None and number in self.kinds[kind].shelves[machine].held:
                self.kinds[kind].shelves[machine].held.discard(number)
                self.used -= 1
                self._free(machine, kind, number)

    def kind_of(self, machine: str, number: int) -> str | None:
        """The kind of a slot that is offered."""
        return self.where.get((machine, number))

    def free(self, kind: Kind) -> int:
        """How many slots of a kind are free."""
        return self.kinds[kind].free if kind != "any" else sum(self.kinds[k].free for k in KINDS)

    def total(self, kind: Kind) -> int:
        """How many slots of a kind are offered."""
        return sum(self.kinds[k].total for k in (KINDS if kind == "any" else (kind,)))

    def fits(self, kind: Kind, count: int, machines: Container[str] | None = None, avoids: Places = ()) -> bool:
        """Whether a gang could be placed now (on one of `machines`, if told)."""
        kinds = KINDS if kind == "any" else (kind,)
        return any(self._machine(each, count, machines, avoids) is not None for each in kinds)

    def could_fit(self, kind: Kind, count: int, machines: Container[str], avoids: Places) -> bool:
        """Whether a gang could ever be placed on what these machines offer, held slots included."""
        kinds = KINDS if kind == "any" else (kind,)
        return any(
            len((shelf.free | shelf.held) - _on(machine, avoids)) >= count
            for each in kinds
            for machine, shelf in self.kinds[each].shelves.items()
            if machine in machines
        )

    def free_on(self, machine: str, kind: str) -> int:
        """How many slots of a kind one machine has free."""
        shelf = self.kinds[kind].shelves.get(machine)
        return len(shelf.free) if shelf else 0

    def largest(self, kind: Kind) -> int:
        """The most slots of one kind that any machine offers, free or held."""
        kinds = KINDS if kind == "any" else (kind,)
        return max((s.total for k in kinds for s in self.kinds[k].shelves.values()), default=0)

    def _machine(self, kind: str, count: int, machines: Container[str] | None, avoids: Places = ()) -> str | None:
        by_free = self.kinds[kind].by_free
        for place in range(bisect_left(by_free, (count, "")), len(by_free)):
            machine = by_free[place][1]
            if machines is not None and machine not in machines:
                continue
            if not avoids or len(self.kinds[kind].shelves[machine].free - _on(machine, avoids)) >= count:
                return machine
        return None

    def _free(self, machine: str, kind: str, number: int) -> None:
        shelf = self.kinds[kind].shelves.setdefault(machine, _Shelf())
        shelf.put(number)
        self._move(kind, machine, len(shelf.free) - 1, len(shelf.free))

    def _move(self, kind: str, machine: str, before: int, after: int) -> None:
        held = self.kinds[kind]
        held.free += after - before
        self.idle += after - before
        if before:
            held.by_free.pop(bisect_left(held.by_free, (before, machine)))
        if after:
            insort(held.by_free, (after, machine))


def _on(machine: str, places: Places) -> set[int]:
    """Those slots of these that are on one machine."""
    return {slot for where, slot in places if where == machine}
