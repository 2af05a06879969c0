"""What the variable of a loop is."""

import ast

from daybreak.audit.code.machine import Machine
from daybreak.audit.code.values import Const, Instance, Items, Table, Value, contents, derived, joined

MOST_CHOICES = 40


def each(m: Machine, over: Value, node: ast.AST) -> Value:
    """One element of what is looped over, standing for all of them."""
    if isinstance(over, Items):
        return _one_of(over)
    if isinstance(over, Table):
        keys = tuple(key for key in over.entries if isinstance(key, str | int | float))
        return Const(value=keys[0], choices=keys[:MOST_CHOICES]) if keys else Value(shape="loop")
    if isinstance(over, Instance):
        return derived(contents(over))
    if over.shape == "columns":
        return Value(shape="columns", columns=over.columns, latent=over.latent)
    if not over.rows and not over.taints and not over.latent and not over.scores:
        return Value(shape="loop")
    return derived(over)


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
    learners = [part for part in parts if part.name and not part.rows]
    if len(learners) == len(parts):
        return Value(
            name=learners[-1].name, parts=learners[-1].parts, options=learners[-1].options, shape=learners[-1].shape
        )
    return joined(contents(part) for part in parts)


def _first(parts: list[Value]) -> list[Value]:
    return parts[0].items if isinstance(parts[0], Items) else []
