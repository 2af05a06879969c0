"""What the variable of a loop is."""

import ast

from daybreak.audit.code import names
from daybreak.audit.code.machine import Machine
from daybreak.audit.code.values import Const, Instance, Items, Table, Value, contents, derived, joined

MOST_CHOICES = 40
MOST_ROUNDS = 5  # of a loop over a few frames, each of which is read


def each(m: Machine, over: Value, node: ast.AST) -> Value:
    """One element of what is looped over, standing for all of them."""
    if isinstance(over, Items):
        return _one_of(over)
    if isinstance(over, Table):
        keys = tuple(key for key in over.entries if isinstance(key, str | int | float))
        return Const(value=keys[0], choices=keys[:MOST_CHOICES]) if keys else Value(shape="loop")
    if isinstance(over, Instance):
        over = contents(over)
    if over.shape == "range":
        return Value(shape="loop")
    if over.shape == "columns":
        return Value(shape="columns", columns=over.columns, latent=over.latent)
    if not over.rows and not over.taints and not over.latent and not over.scores:
        return Value(shape="loop")
    element = derived(over)
    element.shape = "element"
    return element


def rounds(over: Value) -> list[Value] | None:
    """The elements of a short literal list that holds data: they are read one by one. None: one stands for all."""
    if isinstance(over, Table) and not over.rest:
        return None
    if not isinstance(over, Items) or over.rest or not 2 <= len(over.items) <= MOST_ROUNDS:
        return None
    if all(
        isinstance(item, Const) and names.side(str(item.value)) for item in over.items
    ):  # for phase in ("train", "val")
        return over.items
    if sum(bool(contents(item).rows) for item in over.items) < 2:
        return None
    return over.items


def _one_of(over: Items) -> Value:
    parts = over.items + ([over.rest] if over.rest else [])
    if not parts:
        return Value()
    if all(isinstance(part, Const) for part in parts):
        choices = tuple(part.value for part in parts if isinstance(part, Const))[:MOST_CHOICES]
        return Const(value=choices[0], choices=choices, shape="loop")
    if all(isinstance(part, Items) and len(part.items) == len(_first(parts)) for part in parts):
        rows = [part.items for part in parts if isinstance(part, Items)]
        return Items(items=[_one_of(Items(items=list(column))) for column in zip(*rows, strict=True)])
    if len(parts) == 1:
        return parts[0]
    tables = [part for part in parts if isinstance(part, Table)]
    if len(tables) == len(parts):
        keys = list(dict.fromkeys(key for table in tables for key in table.entries))
        return Table(
            entries={key: _one_of(Items(items=[t.entries[key] for t in tables if key in t.entries])) for key in keys}
        )
    learners = [part for part in parts if part.name and not part.rows]
    if len(learners) == len(parts):
        return Value(
            name=learners[-1].name, parts=learners[-1].parts, options=learners[-1].options, shape=learners[-1].shape
        )
    return joined(contents(part) for part in parts)


def _first(parts: list[Value]) -> list[Value]:
    return parts[0].items if isinstance(parts[0], Items) else []
