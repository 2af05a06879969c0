"""`model register`, `ls`, `show`, `alias`, `rollback`, `history`, `note`, `tag`, `retire`: registered models."""

import time
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.commands.gate import as_json as decision_as_json
from daybreak.cli.commands.gate import print_decision
from daybreak.cli.interrupting import told_of_interrupt
from daybreak.cli.output import ago, console, errors_console, print_json, styled, table
from daybreak.cli.proving import progress
from daybreak.cli.registered import print_model, print_parity, print_reported
from daybreak.client.client import Client
from daybreak.client.homes import find_home
from daybreak.registry import package as packages
from daybreak.registry.journal import Registered
from daybreak.registry.store import Registry
from daybreak.validation import policy as policies

SHORT = 12  # digits of a digest that a line shows

Model = Annotated[str, Parameter(help="A registered model: digits (its newest version), digits@3, digits@production.")]
Name = Annotated[str, Parameter(help="A model's name.")]
Policy = Annotated[Path | None, Parameter(help="What the gate asks, as in `daybreak gate`.")]
Reason = Annotated[str, Parameter(help="Why; the journal keeps it.")]


def register(
    source: Annotated[str, Parameter(help="A run (3, 3.17, 3.17@9), or a model's file or folder.")] = "",
    *,
    name: Annotated[str, Parameter(help="The model's name, such as digits.")],
    samples: Annotated[
        str,
        Parameter(
            help="Real rows to compare on, where training ships none: .npz, .npy, .parquet, .csv, .jsonl, module:function."
        ),
    ] = "",
    target: Annotated[str, Parameter(help="The column of right answers in --samples.")] = "",
    classes: Annotated[str, Parameter(help="Names of the classes in the order of the scores: cat,dog.")] = "",
    with_: Annotated[
        str,
        Parameter(
            name="--with",
            help="module:function, called with the run in place of its training function; or that builds the network of a "
            ".pt or .safetensors.",
        ),
    ] = "",
    part: Annotated[str, Parameter(help="Which of what `run.keep` was given is the model.")] = "",
    precision: Annotated[
        Literal["float32", "float16", "int8"], Parameter(help="Of weights; int8 is calibrated on samples.")
    ] = "float32",
    optimise: Annotated[bool, Parameter(help="Fold and fuse the graph now.")] = False,
    python: Annotated[bool, Parameter(help="Serve in Python, do not try ONNX.")] = False,
    note: Annotated[str, Parameter(help="Something to remember about this version.")] = "",
    description: Annotated[str, Parameter(help="What the model does, in a sentence; its page shows it.")] = "",
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Register a model as the next version of a name: exported, compared with the original on real rows, with its card and lineage.

    Of a run the training code is called as it was captured; its loop has nothing to do, and `run.ship(model, rows, answers)` behind it
    says what the model is. Of a file: ONNX, scikit-learn (.skops), XGBoost, LightGBM, Keras, a Hugging Face folder. Exit status: 0 parity
    passed; 1 it did not, or a metric is not what training reported of the same rows: the version is registered, but the gate lets it
    have no alias.

    JSON: {name, version, digest, folder, signature, runtime, parity, why, metrics, limits, notes, lineage, reported}.
    """
    from daybreak.release import registering

    wish = registering.Wish(
        name=name,
        function=with_,
        part=part,
        samples=samples,
        target=target,
        classes=tuple(one.strip() for one in classes.split(",") if one.strip()),
        note=note,
        description=description,
        options={"precision": precision, "optimise": optimise, "python": python},
    )
    with progress(quiet=json) as told:
        made = _registered(source, wish, home, lambda what: told(what, 0, 0))
    if json:
        print_json(_made_as_json(made))
    else:
        _print_made(made, source)
    return int(made.parity != "passed" or any(one.result == "differs" for one in made.held))


@told_of_interrupt("stopped; nothing was registered")
def _registered(source: str, wish: Any, home: Path | None, told: Any) -> Any:
    from daybreak.release import registering

    file = Path(source).expanduser()
    if source and (file.exists() or "/" in source or file.suffix in registering.MODELS):
        return registering.of_file(find_home(home), file, wish, told)
    with Client(home) as client:
        return registering.of_run(client, source, wish, told)


def ls(
    name: Annotated[str, Parameter(help="Only this model; its versions.")] = "",
    *,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """List registered models, or the versions of one.

    JSON: a list of {name, versions, newest, aliases}; of one model a list of {version, at, by, digest, aliases, tags, notes, retired}.
    """
    registry = Registry(find_home(home))
    if name:
        _list_versions(registry, name, json=json)
        return
    models = list(registry.models().values())
    if json:
        told = [
            {"name": one.name, "versions": len(one.versions), "newest": _newest(one), "aliases": one.aliases}
            for one in models
        ]
        print_json(told)
    elif not models:
        console().print("no model is registered yet: daybreak model register RUN --name NAME")
    else:
        rows = [
            [
                one.name,
                str(len(one.versions)),
                ", ".join(f"{alias} -> {number}" for alias, number in one.aliases.items()),
            ]
            for one in models
        ]
        console().print(table(["model", "versions", "aliases"], rows))


def show(model: Model, *, json: Json = False, home: HomeFolder = None) -> int:
    """Show one version: what it takes and gives, how it runs, how alike its export is, where it comes from.

    Exit status: 0; 6 where files are not what was registered: they are named, and nothing serves the version.

    JSON: the package's record with {digest, folder, aliases, tags, notes, parity, reported, altered}.
    """
    from daybreak.release import reported
    from daybreak.release.promotion import parity

    registry = Registry(find_home(home))
    found = registry.find(model)
    record = packages.read(found.folder)
    known = registry.models().get(found.name)
    version = known.versions.get(found.version) if known else None
    aliases = [alias for alias, number in known.aliases.items() if number == found.version] if known else []
    wrong = packages.altered(found.folder, record)
    if version and version.digest != record.digest:
        wrong = [packages.RECORD, *wrong]
    compared, held = parity(found.folder), reported.read(found.folder)
    if json:
        own = {
            "digest": record.digest,
            "folder": str(found.folder),
            "aliases": aliases,
            "parity": msgspec.to_builtins(compared),
            "reported": msgspec.to_builtins(held),
            "altered": wrong,
        }
        told = {"tags": version.tags, "notes": version.notes} if version else {}
        print_json(msgspec.to_builtins(record) | own | told)
    else:
        print_model(record, found.folder, aliases, version)
        print_parity(compared)
        print_reported(held)
    if wrong:
        told_of = f": {found.name}@{found.version} was altered: {', '.join(wrong)}; nothing serves it: register the model again"
        errors_console().print(styled(("warning", "yellow"), told_of), soft_wrap=True)
    return DamagedFile.exit_code if wrong else 0


def alias(
    model: Model,
    alias: Annotated[str, Parameter(help="Such as staging or production.")],
    *,
    policy: Policy = None,
    despite: Annotated[bool, Parameter(help="Although the gate blocks it; needs --reason.")] = False,
    reason: Reason = "",
    remove: Annotated[bool, Parameter(help="Let the alias point at nothing.")] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Point an alias at a version, if the gate lets it: audits of its run, looks, metrics, and the parity of its export.

    Whatever follows the alias (a deployment) serves that version from then on. Exit status: 0 it moved; 1 the gate blocks it.

    JSON: {moved, name, version, alias, before, verdict, asked, reason}.
    """
    from daybreak.release import promotion

    place = find_home(home)
    registry = Registry(place)
    if remove:
        name, _, told = model.partition("@")
        if told:
            raise UsageError(
                f"--remove takes the model's name alone, got {model}: daybreak model alias {name} {alias} --remove"
            )
        registry.move(name, alias, None, decision={"verdict": "removed"}, reason=reason)
        _tell_removed(model, alias, json=json)
        return 0
    given = policies.DEFAULT if policy is None else policies.read(policy)
    found = registry.find(model)
    try:
        moved = promotion.promote(place, found, alias, given, reason=reason, despite=despite)
    except promotion.Blocked as blocked:
        _tell_move(found, alias, blocked.decision, None, json=json)
        return 1
    _tell_move(found, alias, moved.decision, moved, json=json)
    return 0


def rollback(
    name: Name,
    alias: Annotated[str, Parameter(help="Which alias goes back.")] = "production",
    *,
    to: Annotated[int | None, Parameter(help="The version; left out: the one before.")] = None,
    reason: Reason = "",
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Point an alias back at the version it had before: one command, no question, kept in the journal.

    JSON: {name, alias, version, before}.
    """
    from daybreak.release import promotion

    entry, before = promotion.rollback(find_home(home), name, alias, to=to, reason=reason)
    if json:
        print_json({"name": name, "alias": alias, "version": entry.version, "before": before})
    else:
        console().print(f"{name}@{alias} is version {entry.version} again; it was {before or 'nothing'}")


def history(name: Name, *, json: Json = False, home: HomeFolder = None) -> None:
    """Print every move of a model's aliases: when, who, what the gate said, why.

    JSON: a list of {at, by, alias, version, decision, reason}, oldest first.
    """
    moves = Registry(find_home(home)).model(name).moves
    if json:
        told = [
            {
                "at": one.at,
                "by": one.by,
                "alias": one.alias,
                "version": one.version,
                "decision": one.decision,
                "reason": one.text,
            }
            for one in moves
        ]
        print_json(told)
    elif not moves:
        console().print(f"no alias of {name} has moved yet: daybreak model alias {name} staging")
    else:
        rows = [
            [
                ago(one.at, time.time()),
                one.by,
                one.alias,
                str(one.version or "-"),
                one.decision.get("verdict", ""),
                one.text,
            ]
            for one in moves
        ]
        console().print(table(["when", "who", "alias", "version", "gate", "why"], rows))


def note(model: Model, text: str, *, home: HomeFolder = None) -> None:
    """Write something down about a version."""
    registry = Registry(find_home(home))
    found = registry.find(model)
    registry.note(found.name, found.version, text)
    console().print(f"noted of {found.name}@{found.version}: {text}", soft_wrap=True)


def tag(
    model: Model,
    *tags: Annotated[str, Parameter(help="key=value; key= takes it off.")],
    home: HomeFolder = None,
) -> None:
    """Tag a version: `daybreak model tag digits@3 team=vision`."""
    pairs = dict(one.partition("=")[::2] for one in tags)
    if not tags or any("=" not in one for one in tags):
        raise UsageError(f"tags are key=value, got {' '.join(tags) or 'none'}: such as team=vision")
    registry = Registry(find_home(home))
    found = registry.find(model)
    registry.tag(found.name, found.version, pairs)
    console().print(f"tagged {found.name}@{found.version}: {', '.join(tags)}", soft_wrap=True)


def retire(model: Model, *, reason: Reason = "", home: HomeFolder = None) -> None:
    """Remove a version's files; its story stays in the journal. Refused while an alias points at it or a deployment that runs serves it."""
    from daybreak.release.retiring import retire as remove

    found = remove(find_home(home), model, reason)
    console().print(f"retired {found.name}@{found.version}; its lineage and moves stay in the journal")


def _made_as_json(made: Any) -> dict[str, Any]:
    record = made.package
    told: dict[str, Any] = msgspec.to_builtins(record)
    own = {
        "digest": record.digest,
        "folder": str(made.folder),
        "parity": made.parity,
        "why": made.why,
        "notes": made.notes,
        "reported": msgspec.to_builtins(made.held),
    }
    return told | own


def _print_made(made: Any, source: str) -> None:
    record = made.package
    for one in made.notes:
        errors_console().print(styled(("note", "yellow"), f": {one}"), soft_wrap=True)
    console().print(styled(("registered", "bold green"), f": {record.name}@{record.version}   {record.digest[:SHORT]}"))
    print_model(record, made.folder, [], None)
    style = "green" if made.parity == "passed" else "bold red"
    console().print(styled(("parity   ", "dim"), (made.parity, style), f": {made.why}"), soft_wrap=True)
    print_reported(made.held)
    console().print(styled(("next     ", "dim"), _next(made, source)), soft_wrap=True)


def _next(made: Any, source: str) -> str:
    """What can be done now: an alias only where the gate would not say no for certain."""
    record = made.package
    reference = f"{record.name}@{record.version}"
    if made.parity == "not run":
        again = f"daybreak model register {source or 'RUN'} --name {record.name} --samples ROWS.csv"
        return f"{again}   (on real rows, for the gate gives no alias without parity)   daybreak deploy {reference}"
    if made.parity != "passed" or any(one.result == "differs" for one in made.held):
        return f"daybreak model show {reference}   daybreak deploy {reference}   (the gate gives it no alias)"
    return f"daybreak model alias {reference} staging   daybreak deploy {reference}"


def _tell_removed(model: str, alias: str, *, json: bool) -> None:
    if json:
        print_json({"moved": True, "name": model, "alias": alias, "version": None})
    else:
        console().print(f"{model.partition('@')[0]} has no {alias} any more")


def _tell_move(found: Any, alias: str, decision: Any, moved: Any, *, json: bool) -> None:
    if json:
        own = {"moved": moved is not None, "name": found.name, "version": found.version, "alias": alias}
        print_json(own | {"before": moved.before if moved else None} | decision_as_json(decision))
        return
    print_decision(decision, "model")
    if moved is None:
        console().print(styled(("not moved", "bold red"), f": {alias} of {found.name}"))
    else:
        before = f"; it was {moved.before}" if moved.before else ""
        console().print(styled(("moved", "bold green"), f": {found.name}@{alias} is version {found.version}{before}"))


def _list_versions(registry: Registry, name: str, *, json: bool) -> None:
    model = registry.model(name)
    pointing = {number: [alias for alias, one in model.aliases.items() if one == number] for number in model.versions}
    if json:
        print_json([msgspec.to_builtins(one) | {"aliases": pointing[number]} for number, one in model.versions.items()])
        return
    rows = [
        [str(number), ", ".join(pointing[number]), ago(one.at, time.time()), one.by, one.digest[:SHORT], _remarks(one)]
        for number, one in reversed(model.versions.items())
    ]
    console().print(table(["version", "is", "registered", "by", "digest", ""], rows))


def _newest(model: Registered) -> int | None:
    return max((number for number, one in model.versions.items() if not one.retired), default=None)


def _remarks(version: Any) -> str:
    tags = [f"{key}={value}" for key, value in version.tags.items()]
    return "; ".join([*(["retired"] if version.retired else []), *tags, *version.notes])
