"""`data`: datasets by content: add, list, compare and verify them, and the credentials that open them."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.output import console, number, print_json, styled, table
from daybreak.cli.reading import reading

if TYPE_CHECKING:
    from daybreak.provenance.data.comparing import Difference
    from daybreak.provenance.data.verifying import Verdict

app = App(name="data", help="Datasets by content: what a run read, and whether it is still there.")

DIFFERS = 1
MOST_SHOWN = 20
What = Annotated[str, Parameter(help="A dataset's name, a run (3, or 3:digits for one of its datasets), or a path.")]


@app.command
def add(
    path: Annotated[str, Parameter(help="A file, a folder or a URL.")],
    *,
    name: Annotated[str | None, Parameter(help="What to call it; else the file's name.")] = None,
    snapshot: Annotated[bool, Parameter(help="Keep the bytes in the home.")] = False,
    split: Annotated[str | None, Parameter(help="A CSV file with the columns sample, split.")] = None,
    profile: Annotated[str | None, Parameter(help="The credentials profile that opens it.")] = None,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Write down what a dataset holds now, under a name that experiments may use: `data: {digits: NAME}`.

    JSON: {name, path, manifest, root, kind, at, files, bytes, splits, snapshot}.
    """
    from daybreak.client.datasets import add as add_dataset
    from daybreak.client.homes import find_home, make_home
    from daybreak.spec.models import DataSource

    where = find_home(home)
    make_home(where)
    with reading(quiet=json) as progress:
        source = DataSource(path=path, snapshot=snapshot, split=split, profile=profile)
        dataset, found = add_dataset(where, name, source, progress)
    if json:
        print_json(
            {"name": dataset.name, "path": dataset.path, "manifest": dataset.manifest, "root": found.root}
            | {"kind": found.kind, "at": found.at, "files": len(found.files), "bytes": found.size, "snapshot": snapshot}
            | {"splits": {split: len(samples) for split, samples in found.splits.items()}}
        )
        return
    kept = ", its bytes kept" if snapshot else ""
    console().print(
        f"{dataset.name}: {len(found.files):,} files, {number(found.size)} bytes, root {found.root[:16]}{kept}"
    )
    for name_, samples in found.splits.items():
        console().print(f"  {name_}: {len(samples):,} samples")


@app.command(name="ls")
def list_(*, json: Json = False, home: HomeFolder = None) -> None:
    """List the datasets that were added to the home.

    JSON: a list of {name, path, manifest, at, snapshot, split, profile, root, kind, version, files, bytes}.
    """
    from msgspec import structs

    from daybreak.client.datasets import every
    from daybreak.client.homes import find_home

    rows = every(find_home(home))
    if json:
        print_json(
            [
                structs.asdict(dataset)
                | {"root": found.root, "kind": found.kind, "version": found.at}
                | {"files": len(found.files), "bytes": found.size}
                for dataset, found in rows
            ]
        )
    elif not rows:
        console().print("no dataset yet; add one with `daybreak data add PATH`")
    else:
        names = ["name", "kind", "files", "bytes", "root", "kept", "version", "path"]
        cells = (
            [d.name, m.kind, len(m.files), m.size, m.root[:16], "yes" if d.snapshot else "no", m.at or None, d.path]
            for d, m in rows
        )
        console().print(table(names, cells, right=["files", "bytes"]))


@app.command
def diff(a: What, b: What, *, json: Json = False, home: HomeFolder = None) -> None:
    """Show what differs between two datasets: files added, removed, changed and renamed, samples that moved between splits.

    JSON: {dataset: {added, removed, changed, renamed, moved, versions}}.
    """
    from daybreak.client.datasets import contents, paired
    from daybreak.client.homes import find_home
    from daybreak.provenance.data.comparing import compare

    where = find_home(home)
    with reading(quiet=json) as progress:
        pairs = paired(contents(where, a, progress), contents(where, b, progress))
    found = {name: compare(old, new) for name, (old, new) in pairs.items()}
    if json:
        print_json(found)
        return
    for name, difference in found.items():
        console().print(styled((name, "bold"), ": no difference" if not difference else ""))
        _print(difference)


@app.command
def verify(
    what: What,
    *,
    quick: Annotated[
        bool, Parameter(help="Believe sizes and times of files, and read only those that changed.")
    ] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Read a dataset, or all data of a run, again and compare it with what was captured.

    Exit status: 0 it is the same; 1 it differs, or is damaged or gone.

    JSON: a list of {name, path, root, files, size, same, difference, problems}.
    """
    from msgspec import structs

    from daybreak.client.datasets import captured
    from daybreak.client.homes import find_home
    from daybreak.provenance.data.verifying import verify as verify_one

    where = find_home(home)
    with reading(quiet=json) as progress:
        found = [
            verify_one(where, name, source, folder, progress, quick=quick)
            for name, source, folder in captured(where, what)
        ]
    if json:
        print_json([structs.asdict(verdict) | {"same": verdict.same} for verdict in found])
    else:
        for verdict in found:
            _tell(verdict)
    return 0 if all(verdict.same for verdict in found) else DIFFERS


@app.command
def profiles(*, json: Json = False, home: HomeFolder = None) -> None:
    """List the credentials profiles by name, and which variables each is known to set. Values are never shown.

    JSON: a list of {name, variables, from}.
    """
    from daybreak.client.homes import find_home
    from daybreak.provenance.profiles import files, kinds
    from daybreak.provenance.profiles import profiles as all_profiles

    where = find_home(home)
    found = all_profiles(where)
    rows = [{"name": name, "variables": list(found[name].names), "from": kinds(found[name])} for name in sorted(found)]
    if json:
        print_json(rows)
    elif not rows:
        console().print(f"no profile yet; write one into {files(where)[0]} (mode 0600)", soft_wrap=True)
    else:
        console().print(
            table(
                ["profile", "variables", "from"],
                ([row["name"], ", ".join(row["variables"]) or None, ", ".join(row["from"])] for row in rows),
            )
        )


def _tell(verdict: "Verdict") -> None:
    said = f": {verdict.files:,} files, {number(verdict.size)} bytes, root {verdict.root[:16]}"
    state = ("the same", "green") if verdict.same else ("differs" if verdict.difference else "damaged or gone", "red")
    console().print(styled((verdict.name, "bold"), said, ": ", state), soft_wrap=True)
    _print(verdict.difference)
    for problem in verdict.problems[:MOST_SHOWN]:
        console().print(f"  {problem}", soft_wrap=True)


def _print(difference: "Difference") -> None:
    lines = [
        *(f"  added    {path}" for path in difference.added),
        *(f"  removed  {path}" for path in difference.removed),
        *(f"  changed  {path}" for path in difference.changed),
        *(f"  renamed  {old} -> {new}" for old, new in difference.renamed),
        *(f"  moved    {sample}: {old} -> {new}" for sample, (old, new) in difference.moved.items()),
    ]
    if difference.versions is not None:
        lines.insert(0, f"  version  {difference.versions[0] or '-'} -> {difference.versions[1] or '-'}")
    for line in lines[:MOST_SHOWN]:
        console().print(line, soft_wrap=True)
    if len(lines) > MOST_SHOWN:
        console().print(f"  and {len(lines) - MOST_SHOWN:,} more (--json shows all)")
