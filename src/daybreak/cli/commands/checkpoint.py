"""`checkpoint`: get one, list them, pin one."""

import shutil
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from msgspec import to_builtins

from daybreak.base.errors import NotFound, UsageError
from daybreak.base.ids import TrialKey
from daybreak.cli.arguments import Experiment, HomeFolder, Json
from daybreak.cli.output import console, errors_console, number, point, print_json, styled, table
from daybreak.cli.writing import written
from daybreak.client.client import Client
from daybreak.wire.api import Keeping
from daybreak.wire.rows import CheckpointRow

app = App(name="checkpoint", help="Checkpoints of trials.")


@app.command
def get(
    what: Annotated[
        str,
        Parameter(
            help="A trial (3.17), a point of one (3.17@9), or an experiment (3) for its best; the newest if left out."
        ),
    ] = "",
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="Copy it to this file.")] = None,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Find a trial's latest checkpoint, or the one at a point, check it against its hash, and copy it out.

    Load it with `daybreak.load_checkpoint(file)`: a dict of what the run was told to keep.

    JSON: {trial, units, digest, path, metrics, problems}.
    """
    with Client(home) as client:
        found = _at_point(client, what) if "@" in what else _latest(client, what)
    if output is not None:
        with written(output):
            shutil.copyfile(found["path"], output)
        found["path"] = str(output)
    if json:
        print_json(found)
    else:
        for problem in found["problems"]:
            errors_console().print(
                styled(("warning", "yellow"), f": {problem}; this is the one before it"), soft_wrap=True
            )
        console().print(f"trial {found['trial']} at {found['units']} units, blake3 {found['digest']}, verified")
        if found["metrics"]:
            console().print(f"the trial's last report: {point(found['metrics'])}", soft_wrap=True)
        console().print(found["path"], soft_wrap=True)


def _latest(client: Client, what: str) -> dict[str, Any]:
    experiment: str | int = what
    trial = None
    if "." in what:
        experiment, trial = TrialKey.parse(what)
    found: dict[str, Any] = client.call("checkpoint", experiment=experiment, trial=trial)
    return found


def _at_point(client: Client, what: str) -> dict[str, Any]:
    from daybreak.proof.reference import file_of, find

    row = find(client, what).checkpoint
    if row is None:
        raise UsageError(f"a point is written like 3.17@9 or 3.17@ab12, got {what!r}")
    return {
        "trial": f"{row.experiment}.{row.trial}", "digest": row.digest, "units": row.units,
        "path": str(file_of(client, row)), "metrics": {}, "problems": [],
    }  # fmt: skip


@app.command(name="ls")
def list_(
    experiment: Experiment = "",
    *,
    all_: Annotated[bool, Parameter(name="--all", help="Also those that are deleted.", negative="")] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """List the checkpoints of an experiment: which are kept and why, how many were deleted, and the space that saved.

    JSON: a list of {experiment, trial, units, size, state, digest, at, kept}, deleted ones too;
    kept: why, a list of words, empty for what is not.
    """
    with Client(home) as client:
        rows, keeping = client.checkpoints(experiment), client.keeping(experiment)
    why = {(kept.trial, kept.digest): list(kept.why) for kept in keeping.kept}
    if json:
        print_json([to_builtins(row) | {"kept": why.get((row.trial, row.digest), [])} for row in rows])
        return
    shown = [row for row in rows if all_ or (row.trial, row.digest) in why]
    console().print(
        table(
            ["trial", "units", "bytes", "state", "blake3", "kept because"],
            ([f"{r.experiment}.{r.trial}", r.units, r.size, r.state, r.digest[:16], _words(why, r)] for r in shown),
            right=["units", "bytes"],
        )
    )
    console().print(_totals(rows, keeping), soft_wrap=True)


@app.command
def pin(
    run: Annotated[
        str, Parameter(help="The point of a trial: 3.17@9 (at 9 units), 3.17@ab12 (by hash), 3@9 (of its best trial).")
    ],
    *,
    why: Annotated[str, Parameter(help="Shown by `checkpoint ls`: registered as digits v3.")] = "",
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Keep a checkpoint until it is unpinned, whatever becomes of its trial and of the disk cap.

    JSON: {checkpoint, digest, kept}.
    """
    _ask("pin", run, why, json=json, home=home)


@app.command
def unpin(
    run: Annotated[str, Parameter(help="The point of a trial: 3.17@9, 3.17@ab12.")],
    *,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Keep a checkpoint no longer than anything else needs it.

    JSON: {checkpoint, digest, kept}; nothing keeps it: it is deleted.
    """
    _ask("unpin", run, "", json=json, home=home)


def _ask(ask: str, run: str, why: str, *, json: bool, home: Path | None) -> None:
    from daybreak.proof.reference import find

    with Client(home) as client:
        found = find(client, run)
        if found.checkpoint is None:
            raise UsageError(
                f"a pin names a point: {run}@UNITS or {run}@HASH; see: daybreak checkpoint ls {run.partition('.')[0]}"
            )
        row = found.checkpoint
        before = _why(client, row)
        if ask == "unpin" and not _is_pinned(before):
            raise UsageError(
                f"the checkpoint {found.name} is not pinned; it is kept as: {', '.join(before) or 'nothing'}"
            )
        client.ask(row.experiment, ask, {"trial": row.trial, "digest": row.digest, "why": why})
        kept = _why(client, row)
    if ask == "pin" and not _is_pinned(kept):  # it was deleted in between
        raise NotFound(f"the checkpoint {found.name} was deleted before it could be pinned")
    if json:
        print_json({"checkpoint": found.name, "digest": row.digest, "kept": kept})
        return
    told = f"is kept: {', '.join(kept)}" if kept else f"is not needed any more: {row.size} bytes are deleted"
    console().print(f"{found.name} {told}", soft_wrap=True)


def _why(client: Client, row: CheckpointRow) -> list[str]:
    kept = client.keeping(row.experiment).kept
    return next((list(one.why) for one in kept if (one.trial, one.digest) == (row.trial, row.digest)), [])


def _is_pinned(why: list[str]) -> bool:
    return any(words.startswith("pinned") for words in why)


def _words(why: dict[tuple[int, str], list[str]], row: CheckpointRow) -> str:
    return ", ".join(why.get((row.trial, row.digest), ()))


def _totals(rows: list[CheckpointRow], keeping: Keeping) -> str:
    """Bytes kept, each file once; how many were deleted, and the bytes that freed: not those of files that others keep."""
    here = {(kept.trial, kept.digest) for kept in keeping.kept}
    kept = {r.digest: r.size for r in rows if (r.trial, r.digest) in here and not r.digest.startswith("process:")}
    gone = [r for r in rows if r.state == "deleted" and not r.digest.startswith("process:")]
    still = kept.keys() | set(keeping.elsewhere)
    freed = {r.digest: r.size for r in gone if r.digest not in still}
    damaged = sum(r.state == "damaged" and not r.digest.startswith("process:") for r in rows)
    text = f"{number(sum(kept.values()))} bytes kept in {len(kept)} files"
    text += f"; {len(gone)} checkpoints deleted, {number(sum(freed.values()))} bytes saved"
    return text + (f"; {damaged} damaged" if damaged else "")
