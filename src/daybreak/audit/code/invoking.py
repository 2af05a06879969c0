"""Calls of functions and classes of the given files: their bodies are read anew, with what they are called with."""

import ast
from collections.abc import Sequence

from daybreak.audit.code.assigning import either
from daybreak.audit.code.machine import MOST_CALLS, Machine, Scope
from daybreak.audit.code.values import Class, Const, Function, Instance, Items, Library, Table, Value, contents, joined


def call_function(
    m: Machine, function: Function, arguments: Sequence[Value], options: dict[str, Value], at: ast.AST
) -> Value:
    """What a function returns for these arguments; what it does to them is done."""
    node = function.node
    function.called = True
    again = sum(1 for open_call, _ in m.stack if open_call is node)
    if node is None or len(m.stack) >= MOST_CALLS or again > 1:
        return joined(contents(value) for value in arguments)
    scope = Scope(function.scope.file, parent=function.scope)
    if function.itself:
        arguments = [function.itself, *arguments]
    _bind(m, scope, node.args, arguments, options)
    m.stack.append((node, m.site(at)))
    file, m.file = m.file, function.scope.file
    m.returned.append([])
    try:
        if isinstance(node, ast.Lambda):
            return m.evaluate(scope, node.body)
        m.follow(m, scope, node.body)
        return _result(m.returned[-1])
    finally:
        m.returned.pop()
        m.file = file
        m.stack.pop()


def _bind(
    m: Machine, scope: Scope, wanted: ast.arguments, arguments: Sequence[Value], options: dict[str, Value]
) -> None:
    parameters = [*wanted.posonlyargs, *wanted.args]
    defaults: dict[str, ast.expr | None] = dict(
        zip([p.arg for p in parameters[len(parameters) - len(wanted.defaults) :]], wanted.defaults, strict=True)
    )
    defaults |= {p.arg: default for p, default in zip(wanted.kwonlyargs, wanted.kw_defaults, strict=True)}
    left = dict(options)
    for position, parameter in enumerate(parameters + wanted.kwonlyargs):
        default = defaults.get(parameter.arg)
        if position < len(arguments) and position < len(parameters):
            value = arguments[position]
        elif parameter.arg in left:
            value = left.pop(parameter.arg)
        elif default is not None:
            value = m.evaluate(scope.parent or scope, default)
        else:
            value = Value()
        scope.variables[parameter.arg] = value
        if isinstance(value, Const) and not value.choices:
            scope.fixed.add(parameter.arg)
        if not value.name:
            m.label(value, parameter.arg)
    if wanted.vararg:
        scope.variables[wanted.vararg.arg] = Items(items=list(arguments[len(parameters) :]))
    if wanted.kwarg:
        scope.variables[wanted.kwarg.arg] = Table(entries=dict(left))


def _result(returned: list[Value]) -> Value:
    if not returned:
        return Const()
    result = returned[0]
    for value in returned[1:]:
        result = either(result, value)
    return result


def bound(function: Function, itself: Value) -> Function:
    """A method of an object."""
    static = any(
        isinstance(each, ast.Name) and each.id == "staticmethod"
        for each in getattr(function.node, "decorator_list", ())
    )
    function.called = True
    return Function(node=function.node, scope=function.scope, name=function.name, itself=None if static else itself)


def instantiate(
    m: Machine, made: Class, arguments: Sequence[Value], options: dict[str, Value], at: ast.AST
) -> Instance:
    """An object of a class of the given files."""
    instance = Instance(cls=made, name=made.name, born=len(m.loops))
    start = made.methods.get("__init__")
    if start:
        call_function(m, bound(start, instance), arguments, options, at)
    elif made.node is not None and made.node.decorator_list:  # a dataclass
        fields = [
            each.target.id
            for each in made.node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        ]
        instance.attributes.update(zip(fields, arguments, strict=False))
        instance.attributes.update(options)
    else:
        instance.options.update(options)
    return instance


def is_property(method: Function) -> bool:
    """Whether a method is read as an attribute."""
    marks = getattr(method.node, "decorator_list", ())
    return any(getattr(mark, "id", getattr(mark, "attr", "")) in {"property", "cached_property"} for mark in marks)


def method_of(value: Value, name: str) -> Function | None:
    """A method that the given files define for this object."""
    if isinstance(value, Instance) and value.cls:
        found = value.cls.methods.get(name)
        return bound(found, value) if found else None
    if isinstance(value, Class):
        return value.methods.get(name)
    return None


def base_name(value: Value) -> str:
    """The library class that an object is built on, such as nn.Module; "" where there is none."""
    cls = value.cls if isinstance(value, Instance) else value if isinstance(value, Class) else None
    while cls:
        for base in cls.bases:
            if isinstance(base, Library):
                return base.path.rpartition(".")[2]
        cls = next((base for base in cls.bases if isinstance(base, Class)), None)
    return ""
