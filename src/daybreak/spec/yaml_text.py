"""YAML text to plain data, with the line and column of every key and value.

Scalars are read by YAML 1.2's core schema, not 1.1's: `1e-4` is a number, `yes`, `on` and `12:30` are text, `010` is ten.
All duplicate keys are found at once; what breaks the syntax itself is one fault, for nothing after it can be trusted.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from daybreak.base.faults import Fault, Place
from daybreak.spec.faults import Faults, Path

MOST_NODES = 100_000  # also bounds what aliases expand to

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


@dataclass
class MarkedPlaces:
    """Lines and columns (from 1) of what stands in a text."""

    source: str
    lines: list[str]
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    inner: dict[Path, int] = field(default_factory=dict)  # characters from a text's mark to its first letter

    def find(self, path: Path, *, key: bool = False, offset: int = 0, near: str = "") -> Place:
        """The place of a value or its key, else of its nearest ancestor that stands in the text."""
        for length in range(len(path), -1, -1):
            prefix = path[:length]
            mark = (self.keys.get(prefix) if key else None) or self.values.get(prefix)
            if mark is not None:
                line, column = mark
                if near and line <= len(self.lines):
                    column = max(column, self.lines[line - 1].find(near, column - 1) + 1)
                if offset and length == len(path) and prefix in self.inner:
                    column += self.inner[prefix] + offset
                return self.at(line, column)
        return self.at(1, 1)

    def at(self, line: int, column: int) -> Place:
        """A place with its source line."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Place(self.source, line, column, text)


def read_yaml(text: str, source: str) -> tuple[Any, Faults]:
    """Plain data and the faults found so far. Syntax faults give None."""
    places = MarkedPlaces(source, text.removeprefix("\ufeff").splitlines())
    faults = Faults(places)
    try:
        node = yaml.compose(text, Loader=_Loader)
        return (None if node is None else _Reader(places, faults).read(node, ())), faults
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        if _is_unclosed(error) and not _is_empty(error):  # where it was opened says more than where its end was missed
            mark = error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        _add_at(faults, _syntax_message(error), places.at(line, column))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - (text.rfind("\n", 0, error.position) + 1) + 1
        _add_at(
            faults, f"not YAML: the character U+{_code(error.character):04X} is not allowed", places.at(line, column)
        )
    except _TooLarge as error:
        _add_at(faults, "not readable: nested too deeply, or aliases expand to too much", places.at(*error.args))
    except RecursionError:
        _add_at(faults, "not readable: nested too deeply", places.at(1, 1))
    return None, faults


def _add_at(faults: Faults, message: str, place: Place) -> None:
    faults.found.append(Fault(message, place))


def _is_unclosed(error: yaml.MarkedYAMLError) -> bool:
    """A quote, brace or bracket that is opened and not closed."""
    told = f"{error.problem} {error.context}"
    return error.context_mark is not None and ("unexpected end of stream" in told or "a flow " in told)


def _is_empty(error: yaml.MarkedYAMLError) -> bool:
    """The text ends behind `[`, `{` or a comma: PyYAML does not tell which of them is open, or where."""
    return str(error.context).endswith("a flow node")


def _syntax_message(error: yaml.MarkedYAMLError) -> str:
    problem, context = str(error.problem or ""), str(error.context or "")
    if "'\\t'" in problem:
        return "not YAML: a tab stands where spaces must; indent with spaces"
    if _is_unclosed(error) and _is_empty(error):
        closed = "" if "<stream end>" in problem else ", or a comma is too many"
        return f"not YAML: a value is missing here{closed or ': a bracket or brace is not closed'}"
    if _is_unclosed(error):
        what = {"mapping": "brace", "sequence": "bracket"}.get(context.rpartition(" ")[2], "quote")
        return f"not YAML: this {what} is not closed" + (", or a comma is missing in it" if what != "quote" else "")
    if "mapping values are not allowed here" in problem:
        return "not YAML: a second `: ` on this line; quote text that contains one, or begin a new line"
    if "expected a single document" in context:
        return "not one experiment: a second document begins here; write each into a file of its own"
    return f"not YAML: {problem}" + (f" ({context})" if context else "")


def _code(character: Any) -> int:
    return character if isinstance(character, int) else ord(character[:1])


class _TooLarge(Exception):
    """The line and column of what is nested too deeply."""


_PLAIN = ""  # the tag of scalars that carry neither quotes nor a tag
_TEXT = "tag:yaml.org,2002:str"


class _Loader(yaml.SafeLoader):
    """PyYAML's parser and composer, which leave the reading of scalars to `_scalar`."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:  # noqa: ARG002 (PyYAML's signature)
        """The tag of a node without one."""
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _TEXT
        return "tag:yaml.org,2002:map" if kind is yaml.MappingNode else "tag:yaml.org,2002:seq"


def _scalar(node: yaml.ScalarNode) -> Any:
    return node.value if node.tag != _PLAIN else read_scalar(node.value)


def read_scalar(text: str) -> Any:
    """What bare text means: null, true, false, a number, else the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text, 0 if text[:2] in ("0o", "0x") else 10)
    return float(text) if _FLOAT.fullmatch(text) else text


_TAGS = (_PLAIN, _TEXT, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


@dataclass
class _Reader:
    places: MarkedPlaces
    faults: Faults
    nodes: int = 0

    def read(self, node: yaml.Node, path: Path) -> Any:
        self.nodes += 1
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        if self.nodes > MOST_NODES or len(path) > 100:  # noqa: PLR2004 (an alias that contains itself ends here)
            raise _TooLarge(line, column)
        self.places.values[path] = (line, column)
        if node.tag not in _TAGS:
            _add_at(self.faults, f"tags such as `{node.tag}` are not read here", self.places.at(line, column))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        if not isinstance(node, yaml.ScalarNode):
            return None
        if node.style not in ("|", ">") and node.start_mark.line == node.end_mark.line:
            self.places.inner[path] = 1 if node.style else 0
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            name = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
            if name is None:
                _add_at(self.faults, "a key is text, got a list or a mapping", self.places.at(line, column))
            elif name in mapping:
                first = self.places.keys[*path, name][0]
                _add_at(self.faults, f"`{name}` stands twice, first in line {first}", self.places.at(line, column))
            else:
                self.places.keys[*path, name] = (line, column)
                mapping[name] = self.read(value_node, (*path, name))
        return mapping
