"""One call: its function's name and its arguments."""

import ast
from dataclasses import dataclass

from daybreak.audit.code import names
from daybreak.audit.code.machine import Machine
from daybreak.audit.code.values import Const, Site, Value, contents


@dataclass(slots=True)
class Call:
    """A call with its arguments read."""

    node: ast.AST
    site: Site
    arguments: list[Value]
    options: dict[str, Value]
    name: str
    path: str = ""  # of a library's function: with the modules before it

    def argument(self, position: int, *names_of_it: str) -> Value:
        """An argument by position or by one of its names; an empty value where it was not given."""
        if position < len(self.arguments):
            return self.arguments[position]
        return self.option(*names_of_it)

    def option(self, *names_of_it: str) -> Value:
        """An argument by one of its names."""
        for name in names_of_it:
            if name in self.options:
                return self.options[name]
        return Value()

    def said(self, name: str) -> object:
        """The literal that was given under a name."""
        value = self.options.get(name)
        return value.value if isinstance(value, Const) else None

    def everything(self) -> list[Value]:
        """All arguments."""
        return [*self.arguments, *self.options.values()]

    def data(self) -> Value:
        """The first argument that has rows, containers opened."""
        for value in self.everything():
            inside = contents(value)
            if inside.rows:
                return inside
        return Value()

    def seeds(self, m: Machine) -> None:
        """See whether a loop's variable seeds this call."""
        for name, value in self.options.items():
            if names.is_seed(name) and value.shape == "loop" and m.loops:
                m.loops[-1].seeded = True
