"""Calls: whose function it is, and what it does."""

import ast
from collections.abc import Callable

from daybreak.audit.code import containers, frames, known
from daybreak.audit.code.call import Call
from daybreak.audit.code.invoking import base_name, call_function, instantiate, method_of
from daybreak.audit.code.learners import METHODS, call_learner, is_learner_call, split_by
from daybreak.audit.code.learning import fit, predicted
from daybreak.audit.code.library import call_library
from daybreak.audit.code.machine import Machine, Scope
from daybreak.audit.code.values import (
    Class,
    Const,
    Function,
    Instance,
    Items,
    Library,
    Method,
    Module,
    Table,
    Value,
    contents,
)

AttributeOf = Callable[[Machine, Value, str, ast.AST], Value]


def call(m: Machine, scope: Scope, node: ast.Call, attribute_of: AttributeOf) -> Value:
    """What a call returns."""
    owner: Value | None = None
    if isinstance(node.func, ast.Attribute):
        owner = _owner(m, scope, node.func)
        callee = None
    else:
        callee = m.evaluate(scope, node.func)
    made = _read(m, scope, node)
    if owner is None:
        return _called(m, callee or Value(), made)
    return _method(m, owner, made, attribute_of)


def _owner(m: Machine, scope: Scope, func: ast.Attribute) -> Value:
    inner = func.value
    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "super":
        itself = scope.find("self")
        return Value(name=getattr(itself, "name", "")) if itself else Value()
    return m.evaluate(scope, inner)


def _read(m: Machine, scope: Scope, node: ast.Call) -> Call:
    arguments: list[Value] = []
    for argument in node.args:
        value = m.evaluate(scope, argument)
        if isinstance(argument, ast.Starred) and isinstance(value, Items) and value.items:
            arguments += value.items
        else:
            arguments.append(value)
    options: dict[str, Value] = {}
    for keyword in node.keywords:
        value = m.evaluate(scope, keyword.value)
        if keyword.arg:
            options[keyword.arg] = value
        elif isinstance(value, Table):
            options |= {str(name): each for name, each in value.entries.items()}
    func = node.func
    name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    return Call(node, m.site(node), arguments, options, name)


def _called(m: Machine, callee: Value, made: Call) -> Value:
    if isinstance(callee, Function):
        return call_function(m, callee, made.arguments, made.options, made.node)
    if isinstance(callee, Class):
        return instantiate(m, callee, made.arguments, made.options, made.node)
    if isinstance(callee, Library):
        made.name = callee.path.rpartition(".")[2]
        made.path = callee.path
        return call_library(m, made)
    if isinstance(callee, Instance):
        return _instance(m, callee, made)
    return _applied(m, callee, made)


def _instance(m: Machine, callee: Instance, made: Call) -> Value:
    """`model(x)`: of a network of the given files; other objects by their `__call__`."""
    method = method_of(callee, "__call__")
    if method:
        return call_function(m, method, made.arguments, made.options, made.node)
    return _applied(m, callee, made)


def _applied(m: Machine, callee: Value, made: Call) -> Value:
    """A model that is called, a loss, or a function that nothing is known about."""
    data = made.data()
    uses = frozenset(use for value in made.everything() for use in contents(value).uses)
    if uses:
        return Value(data.rows, uses=uses)
    scores = frozenset(score for value in made.everything() for score in contents(value).scores)
    if scores:
        return Value(scores=scores)
    if data.rows and _is_network(callee):
        return predicted(m, callee, data, made.site)
    return call_library(m, made)


def _is_network(callee: Value) -> bool:
    if isinstance(callee, Instance):
        return base_name(callee) in {"Module", "LightningModule", "Model", ""}
    return known.kind_of(callee.name) == "fit" or not callee.name


def _method(m: Machine, owner: Value, made: Call, attribute_of: AttributeOf) -> Value:
    if isinstance(owner, Library):
        made.path = f"{owner.path}.{made.name}"
        return call_library(m, made)
    if isinstance(owner, Module):
        return _called(m, attribute_of(m, owner, made.name, made.node), made)
    own = method_of(owner, made.name)
    if own:
        return call_function(m, own, made.arguments, made.options, made.node)
    if isinstance(owner, Instance):
        held = owner.attributes.get(made.name)
        return _called(m, held, made) if held else _inherited(m, owner, made)
    if isinstance(owner, Items | Table) and made.name != "backward":
        return containers.call_method(m, owner, made)
    if isinstance(owner, Method):
        return frames.call_method(m, owner.owner, made)
    return Value() if isinstance(owner, Const) else _of_value(m, owner, made, attribute_of)


def _of_value(m: Machine, owner: Value, made: Call, attribute_of: AttributeOf) -> Value:
    """A method of a model, a splitter, data, or something that nothing is known about."""
    name = made.name
    if name == "backward":
        return _backward(m, owner, made)
    if owner.shape == "folds" and name == "split":
        return split_by(m, owner, made)
    learns = is_learner_call(owner, made)
    if name == "optimize" or (known.METRIC.search(name) and owner.shape != "supervised" and not learns):
        return call_library(m, made)
    if learns:
        return call_learner(m, owner, made)
    if owner.name and not owner.rows:
        return _of_object(m, owner, made, attribute_of)
    return frames.call_method(m, owner, made)


def _of_object(m: Machine, owner: Value, made: Call, attribute_of: AttributeOf) -> Value:
    """A method of a library's object that is neither data nor known."""
    if made.name in {
        "to",
        "cuda",
        "cpu",
        "eval",
        "train",
        "set_params",
        "compile",
        "half",
        "float",
        "double",
        "share_memory",
    }:
        owner.options |= made.options
        return owner
    if made.name.startswith("suggest_"):
        return _suggested(m, made)
    learned = attribute_of(m, owner, made.name, made.node)
    if learned.latent or learned.rows:
        return learned
    return call_library(m, made)


def _suggested(m: Machine, made: Call) -> Value:
    from daybreak.audit.code import names
    from daybreak.audit.code.machine import Leak

    first = made.argument(0, "name")
    if (
        isinstance(first, Const)
        and isinstance(first.value, str)
        and names.is_seed(first.value)
        and made.name != "suggest_categorical"
    ):
        m.note(Leak("random_state_searched", made.name, made.site))
    return Value(shape="loop")


def _inherited(m: Machine, owner: Instance, made: Call) -> Value:
    """A method that a base class of a library gives."""
    if made.name == "fit_transform" and method_of(owner, "fit"):
        for step in ("fit", "transform"):
            method = method_of(owner, step)
            if method:
                value = call_function(m, method, made.arguments, made.options, made.node)
        return value
    if made.name in METHODS and is_learner_call(owner, made):
        return call_learner(m, owner, made)
    if made.name in {"to", "cuda", "cpu", "eval", "train", "float", "double", "half"}:
        return owner
    if made.name in {
        "state_dict",
        "parameters",
        "named_parameters",
        "modules",
        "children",
        "zero_grad",
        "load_state_dict",
    }:
        return Value()
    inside = contents(owner)
    return frames.call_method(m, inside, made) if inside.rows else Value()


def _backward(m: Machine, owner: Value, made: Call) -> Value:
    """`loss.backward()`: the models that the loss came from learn from those rows."""
    for use in owner.uses:
        fit(m, use.model, Value(use.rows), made.site, anew=False, supervised=True)
    for score in owner.scores:
        fit(m, score.model, Value(score.rows), made.site, anew=False, supervised=True)
    return Value()
