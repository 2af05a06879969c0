"""All given files read as one project: which of their lines leak."""

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from daybreak.audit.code import expressions, statements
from daybreak.audit.code.machine import Leak, Machine, Scope, TooLong
from daybreak.audit.code.uncalled import read_uncalled
from daybreak.audit.code.values import Value
from daybreak.audit.code.wording import findings
from daybreak.audit.outcome import Finding

Locate = Callable[[str, int], tuple[str, int]]


@dataclass(slots=True)
class Project:
    """Parsed files by name, and the names that each one has defined so far."""

    trees: dict[str, ast.Module]
    scopes: dict[str, Scope] = field(default_factory=dict)
    by_module: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.trees:
            parts = name.removesuffix(".py").removesuffix("/__init__").replace("\\", "/").split("/")
            self.by_module.setdefault(parts[-1], []).append(name)

    def find(self, module: str, importer: str) -> str | None:
        """The file that an import names, if it was given: the one whose path fits best."""
        parts = [part for part in module.split(".") if part]
        if not parts:
            return None
        wanted = "/".join(parts)
        fitting = [name for name in self.by_module.get(parts[-1], ()) if name != importer and _ends(name, wanted)]
        return min(fitting, key=len) if fitting else None


def _ends(name: str, wanted: str) -> bool:
    path = name.removesuffix(".py").removesuffix("/__init__").replace("\\", "/")
    return path == wanted or path.endswith("/" + wanted) or wanted.endswith("/" + path)


def analyse(files: Mapping[str, str], locate: Locate | None = None) -> tuple[Finding, ...]:
    """Leaks in a project: name of each file -> its source. `locate`: where a line of a file really stands (a notebook's cell).

    Raises `SyntaxError` for a file that is not Python; leave those out.
    """
    trees = {name: ast.parse(source, name) for name, source in files.items()}
    lines = {name: source.splitlines() for name, source in files.items()}
    found: list[Finding] = []
    for group in _together(Project(trees)):
        machine = _read(Project({name: trees[name] for name in group}))
        found += findings(_closed(machine, lines), machine.targets, lines, locate or _as_given)
    return tuple(found)


def _as_given(file: str, line: int) -> tuple[str, int]:
    return file, line


def _together(project: Project) -> list[list[str]]:
    """Files in groups that import each other; files of two groups know nothing of each other."""
    if len(project.trees) < 2:
        return [list(project.trees)] if project.trees else []
    group = {name: name for name in project.trees}

    def root(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    for name, tree in project.trees.items():
        for module in _imports(tree):
            other = project.find(module, name)
            if other:
                group[root(other)] = root(name)
    result: dict[str, list[str]] = {}
    for name in project.trees:
        result.setdefault(root(name), []).append(name)
    return list(result.values())


def _imports(tree: ast.Module) -> Iterator[str]:
    """Modules that a file imports, anywhere in it; expressions hold none and are passed over."""
    blocks: list[list[ast.stmt]] = [tree.body]
    while blocks:
        for node in blocks.pop():
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                yield base
                yield from (f"{base}.{alias.name}".lstrip(".") for alias in node.names)
            else:
                blocks += [getattr(node, part) for part in ("body", "orelse", "finalbody") if getattr(node, part, None)]
                blocks += [handler.body for handler in getattr(node, "handlers", ())]


def _read(project: Project) -> Machine:
    def load(module: str, importer: str) -> Scope | None:
        found = project.find(module, importer)
        return run(found) if found else None

    machine = Machine(load, expressions.evaluate, statements.execute)

    def run(name: str) -> Scope:
        if name in project.scopes:
            return project.scopes[name]
        scope = project.scopes[name] = Scope(name, {"__name__": Value()})
        before, machine.file = machine.file, name
        with suppress(RecursionError):  # an expression nested hundreds deep: the rest of the file is left out
            statements.execute(machine, scope, project.trees[name].body)
        machine.file = before
        return scope

    with suppress(TooLong, RecursionError):
        for name in project.trees:
            run(name)
        read_uncalled(machine)
    return machine


def _closed(m: Machine, lines: Mapping[str, list[str]]) -> list[Leak]:
    """The leaks that remain once everything was read."""
    found = [_weighed(m, leak) for leak in m.leaks if not _scored_elsewhere(m, leak)]
    if not m.splits and not m.leaks:
        found += _untested(m, lines)
    return found


def _weighed(m: Machine, leak: Leak) -> Leak:
    """A leak within the training part is mild only where the rows set aside before it are scored, too."""
    if not leak.mild or leak.rule == "cross_val_after_fit":
        return leak
    return leak._replace(mild=any(each.scored and m.tested(each.rows) for each in m.evaluations))


def _scored_elsewhere(m: Machine, leak: Leak) -> bool:
    """Whether rows that chose a model were not the last word: others were held back and scored."""
    if leak.rule not in {"test_in_selection", "test_in_early_stopping", "random_state_searched"} or not leak.rows:
        return False
    if not m.tested(leak.rows):  # what was read later shows that they were carved out of the training part
        return True
    return any(
        each.scored and m.tested(each.rows) and not (each.rows & leak.rows) and each.site > leak.leak
        for each in m.evaluations
    )


def _untested(m: Machine, lines: Mapping[str, list[str]]) -> list[Leak]:
    """Scores of the training rows alone, unless the line says that this is what they are."""
    scored = [each for each in m.evaluations if each.scored and each.supervised]
    scored = [each for each in scored if "train" not in lines[each.site.file][each.site.line - 1].lower()]
    if not scored or not all(each.own for each in scored) or not all(each.own for each in m.evaluations):
        return []
    return [Leak("no_test_data", "", scored[0].site, scored[0].fitted)]
