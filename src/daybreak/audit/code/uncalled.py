"""Functions and classes that nothing in the given files calls: they are read with strangers for arguments."""

import ast
import re

from daybreak.audit.code import names
from daybreak.audit.code.invoking import call_function, instantiate
from daybreak.audit.code.machine import Machine
from daybreak.audit.code.values import Class, Function, Value

_TELLING = re.compile(
    r"(fit|split|predict|score|evaluate|backward|train|transform|cross_val|resample|adapt|optimize|sample|search)"
)


def _matters(node: ast.AST | None) -> bool:
    """Whether a function calls anything that could part rows or learn from them."""
    if node is None:
        return False
    called = (each.func for each in ast.walk(node) if isinstance(each, ast.Call))
    return any(_TELLING.search(getattr(func, "attr", getattr(func, "id", ""))) for func in called)


def read_uncalled(m: Machine) -> None:
    """Read functions and methods that nothing called: their parameters are rows of unknown origin, told apart by name."""
    for function in list(m.functions):
        if isinstance(function, Function) and not function.called and _matters(function.node):
            m.file = function.scope.file
            call_function(m, function, _strangers(m, function), {}, function.node or ast.Pass())
        elif isinstance(function, Class):
            _read_class(m, function)


def _read_class(m: Machine, made: Class) -> None:
    methods = [method for method in made.methods.values() if not method.called and _matters(method.node)]
    if not methods or made.node is None:
        return
    m.file = made.scope.file
    start = made.methods.get("__init__")
    arguments = _strangers(m, start)[1:] if start and not start.called else []
    itself = instantiate(m, made, arguments, {}, made.node) if arguments or not start or not start.called else Value()
    for method in methods:
        if not method.called and _matters(method.node):
            m.file = method.scope.file
            strangers = _strangers(m, method)
            call_function(m, method, [itself, *strangers[1:]], {}, method.node or made.node)


def _strangers(m: Machine, function: Function) -> list[Value]:
    node = function.node
    if node is None:
        return []
    found = []
    for argument in [*node.args.posonlyargs, *node.args.args]:
        value = m.fresh(node, name=f"{m.file}:{getattr(node, 'name', '')}({argument.arg})")
        if names.role(argument.arg) == "test":
            m.label(value, argument.arg)
        found.append(value)
    return found
