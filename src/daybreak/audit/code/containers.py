"""Methods of lists and dictionaries."""

from daybreak.audit.code.call import Call
from daybreak.audit.code.machine import Machine
from daybreak.audit.code.values import Const, Items, Table, Value, contents, joined


def call_method(m: Machine, owner: Items | Table, call: Call) -> Value:
    """What a method of a container does to it, and returns."""
    if isinstance(owner, Items):
        return _of_items(owner, call)
    return _of_table(owner, call)


def _of_items(owner: Items, call: Call) -> Value:
    if call.name in {"append", "add", "insert", "extend", "update"} and call.arguments:
        new = call.arguments[-1]
        if call.name in {"extend", "update"} and isinstance(new, Items):
            new = _any(new)
        owner.rest = _either(owner.rest, new)
        return Const()
    if call.name == "index":
        return Value(scores=contents(call.arguments[0]).scores) if call.arguments else Value()
    if call.name in {"pop", "popleft"}:
        return _any(owner)
    return owner if call.name in {"copy", "union", "difference", "intersection"} else contents(owner)


def _either(old: Value | None, new: Value) -> Value:
    if old is None:
        return new
    if isinstance(old, Items) and isinstance(new, Items) and len(old.items) == len(new.items):
        return Items(items=[_either(a, b) for a, b in zip(old.items, new.items, strict=True)])
    return joined([contents(old), contents(new)])


def _any(owner: Items) -> Value:
    parts = owner.items + ([owner.rest] if owner.rest else [])
    return parts[0] if len(parts) == 1 else joined(contents(part) for part in parts)


def _of_table(owner: Table, call: Call) -> Value:
    every = list(owner.entries.values()) + ([owner.rest] if owner.rest else [])
    if call.name == "items":
        pairs = [Items(items=[Const(value=key), value]) for key, value in owner.entries.items()]
        rest = Items(items=[Value(shape="loop"), owner.rest]) if owner.rest else None
        return Items(items=list(pairs), rest=rest)
    if call.name == "values":
        return Items(items=every)
    if call.name == "keys":
        return Items(items=[Const(value=key) for key in owner.entries])
    if call.name in {"get", "pop", "setdefault"} and call.arguments:
        key = call.arguments[0]
        found = owner.entries.get(key.value) if isinstance(key, Const) and key.value.__hash__ else None
        return found or (every[0] if len(every) == 1 else joined(contents(value) for value in every))
    if call.name == "update" and call.arguments and isinstance(call.arguments[0], Table):
        owner.entries |= call.arguments[0].entries
    return Const()
