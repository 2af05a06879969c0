"""The family tree of an experiment: what it was forked from, and what was forked from it."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from daybreak.proof.reference import Reference
from daybreak.wire.rows import ExperimentRow


class Node(msgspec.Struct):
    """One experiment in the tree. `at`: the point of its parent that it was forked from: 3, 3.17 or 3.17@9; empty for a root.

    `lost`: nothing but the name is known (its parent lies in another home).
    """

    experiment: int | None
    name: str
    at: str = ""
    state: str = ""
    best: dict[str, float] = {}
    children: list["Node"] = []
    lost: bool = False


def tree(rows: Iterable[ExperimentRow], parents: dict[int, str], experiment: int) -> Node:
    """The whole tree that an experiment stands in, from its oldest known ancestor down; children by number.

    `parents`: experiment -> what it is a fork of, empty for none. A parent that is not among `rows` is a `lost` root.
    """
    known = {row.experiment: row for row in rows}
    children: defaultdict[int, list[int]] = defaultdict(list)
    for number in sorted(known):
        if (parent := parent_number(parents.get(number, ""))) is not None:
            children[parent].append(number)
    root = _root(experiment, parents, known)
    if root in known:
        return _node(known, children, parents, root)
    branches = [_node(known, children, parents, number) for number in children[root]]
    return Node(root, f"experiment {root}", children=branches, lost=True)


def parent_number(parent: str) -> int | None:
    """3 of `3`, `3.17` and `3.17@9`; None for no parent."""
    number = Reference.parse(parent).experiment if parent else None
    return number if isinstance(number, int) else None


def _root(experiment: int, parents: dict[int, str], known: dict[int, ExperimentRow]) -> int:
    seen = {experiment}
    while experiment in known and (parent := parent_number(parents.get(experiment, ""))) is not None:
        if parent in seen:
            break
        seen.add(experiment := parent)
    return experiment


def _node(
    known: dict[int, ExperimentRow], children: dict[int, list[int]], parents: dict[int, str], number: int
) -> Node:
    row = known[number]
    below = [_node(known, children, parents, child) for child in children.get(number, ())]
    return Node(number, row.name, parents.get(number, ""), row.state, row.best, below)
