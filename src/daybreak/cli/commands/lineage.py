"""`diff` and `lineage`: how runs differ, and where they come from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from daybreak.cli.arguments import Experiment, HomeFolder, Json

if TYPE_CHECKING:
    from rich.tree import Tree

    from daybreak.proof.difference import Change, Difference
    from daybreak.proof.lineage import Node

Run = Annotated[str, Parameter(help="An experiment (3), a trial (3.17), or a point of one (3.17@9).")]
WIDEST = 48  # characters of a value


def diff(
    a: Run,
    b: Run,
    *,
    patch: Annotated[bool, Parameter(help="Show changed lines of code, too.", negative="")] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Show what differs between two runs, and only that: code, environment, data, hyperparameters, results.

    Exit status: 0 nothing differs, 1 something does.

    JSON: {a, b, code, environment, machine, data, hyperparameters, settings, results, notes}.
    """
    from daybreak.cli.output import print_json
    from daybreak.client.client import Client
    from daybreak.proof.difference import compare
    from daybreak.proof.reference import find

    with Client(home) as client:
        found = compare(client.home, find(client, a), find(client, b))
    if json:
        print_json(
            {
                name: [_named(part) for part in parts] if isinstance(parts, list) else parts
                for name, parts in _fields(found)
            }
        )
    else:
        _print(found, patch=patch)
    return 0 if found.is_empty() else 1


def lineage(experiment: Experiment = "", *, json: Json = False, home: HomeFolder = None) -> None:
    """Draw where an experiment comes from and what was forked from it.

    JSON: a tree of {experiment, name, at, state, best, children, lost}.
    """
    from daybreak.cli.output import console, print_json
    from daybreak.client.client import Client
    from daybreak.proof.lineage import tree

    with Client(home) as client:
        number = client.experiment(experiment.partition(".")[0].partition("@")[0]).experiment
        rows = client.experiments()
        parents = {row.experiment: client.experiment(row.experiment).spec.get("parent", "") for row in rows}
    found = tree(rows, parents, number)
    print_json(found) if json else console().print(_drawn(found, number))


def _drawn(node: "Node", here: int) -> "Tree":
    from rich.text import Text
    from rich.tree import Tree

    from daybreak.cli.output import number, state, styled

    best = "  ".join(f"{name}={number(value)}" for name, value in node.best.items())
    label = (
        Text(f"#{node.experiment} is in another home, or unknown", style="dim")
        if node.lost
        else styled(
            (node.name, "bold" if node.experiment == here else ""), f"  #{node.experiment}  ", state(node.state),
            f"  {best}" if best else "", (f"  from {node.at}" if node.at else "", "dim"),
        )
    )  # fmt: skip
    drawn = Tree(label)
    for child in node.children:
        drawn.children.append(_drawn(child, here))
    return drawn


def _fields(found: "Difference") -> list[tuple[str, Any]]:
    return [(name, getattr(found, name)) for name in found.__struct_fields__]


def _named(part: Any) -> Any:
    return part._asdict() if hasattr(part, "_asdict") else part


def _print(found: "Difference", *, patch: bool) -> None:
    from daybreak.cli.output import console, errors_console, styled

    out = console()
    if found.is_empty():
        out.print(f"{found.a} and {found.b} differ in nothing that is compared")
    if found.code:
        out.print(styled(("code", "bold")))
        for file in found.code:
            out.print(f"  {file.how} {file.path}  +{file.plus} -{file.minus}", soft_wrap=True)
            if patch:
                out.print(file.patch, soft_wrap=True)
    for name in ("environment", "machine", "data", "hyperparameters", "settings", "results"):
        _section(name, getattr(found, name), found)
    for note in found.notes:
        errors_console().print(styled(("note", "yellow"), f": {note}"), soft_wrap=True)


def _section(name: str, changes: Sequence["Change"], found: "Difference") -> None:
    from daybreak.cli.output import console, table

    if changes:
        console().print(table([name, found.a, found.b], ([c.what, _short(c.a), _short(c.b)] for c in changes)))


def _short(value: Any) -> Any:
    if isinstance(value, float | int) or value is None:
        return value
    text = str(value)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
