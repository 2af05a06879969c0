"""What a job is: written down before its first row, compared when it goes on. The same plan gives the same bytes.

OUT/
  part-00000-00003.parquet   answers to rows [3 * part_rows, 4 * part_rows) of input 0; columns `row`, `file`, kept ones, outputs
  _rejects.jsonl             rows that have no answer: {"file", "row", "code", "where", "error"}; where there are any
  _manifest.json             inputs and model by digest, parts by digest, counts; written last, says that the job is done
  .job/                      the plan, a mark for each part that is whole (with its rejects)
"""

import difflib
import fnmatch
from typing import Literal

import msgspec

from daybreak.base.errors import UsageError
from daybreak.batch.places import Input, Out
from daybreak.signature.columns import LOOSE
from daybreak.signature.fields import Field, Signature

JOB, PLAN, MANIFEST, REJECTS = ".job", ".job/plan.json", "_manifest.json", "_rejects.jsonl"
Format = Literal["parquet", "csv", "jsonl"]
ROWS = {"table": 65_536, "media": 1_024}  # of one part
LISTED = 20  # columns that a message names
BATCH = {"table": 1_024, "media": 64}  # rows in one call of the model


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`columns`: field -> the table's column, or a pattern of several that are one tensor; `keep`: name in the output -> column."""

    model: str
    version: int
    digest: str
    inputs: tuple[Input, ...]
    columns: dict[str, str]
    keep: dict[str, str]
    format: Format
    part_rows: int
    batch: int
    layout: int = 1


class Done(msgspec.Struct, frozen=True):
    """The mark of a part that is whole. `rejects`: lines for the rejects file."""

    part: str
    rows: int
    bytes: int
    blake3: str
    rejects: list[dict[str, str | int | None]]


def part_name(source: int, number: int) -> str:
    """Of a part, without what its format adds."""
    return f"part-{source:05d}-{number:05d}"


def sizes(signature: Signature, part_rows: int | None, batch: int | None) -> tuple[int, int]:
    """Rows of a part and of a call: what was asked, or what suits the fields. Raises `UsageError`."""
    kind = "media" if any(field.kind in LOOSE for field in signature.inputs) else "table"
    for name, value in (("--part-rows", part_rows), ("--batch", batch)):
        if value is not None and value < 1:
            raise UsageError(f"{name} is at least 1, got {value}")
    return part_rows or ROWS[kind], batch or BATCH[kind]


def check_own(out: Out) -> None:
    """Raises `UsageError` for a folder that holds something else than a job."""
    others = [
        name for name in out.names() if name != JOB
    ]  # which is all that a job leaves that was cut off before its plan
    if others and out.read(PLAN) is None:
        raise UsageError(f"a job writes into a folder of its own, {out.path} holds {others[0]}; give another one")


def settled(out: Out, plan: Plan) -> bool:
    """Write the plan down, or see that it is the one that is there; whether there was one. Raises `UsageError`."""
    held = out.read(PLAN)
    if held is None:
        out.write(PLAN, msgspec.json.format(msgspec.json.encode(plan), indent=1))
        return False
    try:
        other = msgspec.json.decode(held, type=Plan)
    except msgspec.MsgspecError as error:
        raise UsageError(
            f"{out.path}/{PLAN} cannot be read ({error}); was it written by a newer Daybreak? Give another folder"
        ) from error
    if other != plan:
        raise UsageError(
            f"{out.path} holds another job: {_difference(other, plan)}; give another folder, or remove this one"
        )
    return True


def _difference(held: Plan, asked: Plan) -> str:
    """The first thing in which two plans differ."""
    name = next(name for name in Plan.__struct_fields__ if getattr(held, name) != getattr(asked, name))
    if name == "inputs":
        before, now = {one.path: one for one in held.inputs}, {one.path: one for one in asked.inputs}
        changed = next((path for path in [*before, *now] if before.get(path) != now.get(path)), "their order")
        return f"input {changed} was {'changed' if changed in before and changed in now else 'added or left out'} since"
    return f"{name} was {getattr(held, name)!r} there, now {getattr(asked, name)!r}"


def kept(names: tuple[str, ...], signature: Signature) -> dict[str, str]:
    """COLUMN or NAME=COLUMN as the output's name -> column. Raises `UsageError` where the output has that name already."""
    told = [one.partition("=") if "=" in one else (one, "=", one) for one in names]
    taken = ["row", "file", *(output.name for output in signature.outputs)]
    for name, _, column in told:
        if name in taken or any(name.startswith(f"{output}.") for output in taken[2:]):
            raise UsageError(
                f"--keep {name} would have the name of an answer ({', '.join(taken)}); rename it: --keep true_{name}={column}"
            )
        taken.append(name)
    return {name: column for name, _, column in told}


def check_kept(keep: dict[str, str], known: list[str], source: str) -> None:
    """Raises `UsageError` for a column that is asked for beside the fields (--keep, --truth) and that a table has not."""
    missing = next((column for column in keep.values() if column not in known), None)
    if missing is not None:
        raise UsageError(f"{source} has no column {missing!r}; its columns are {_listed(known)}")


def wanted(signature: Signature, columns: dict[str, str], known: list[str], source: str) -> dict[str, list[str]]:
    """For each field the columns of a table that hold it; absent optional fields are left out. Raises `UsageError`."""
    unknown = sorted(set(columns) - {field.name for field in signature.inputs})
    if unknown:
        fields = ", ".join(field.name for field in signature.inputs)
        raise UsageError(
            f"--column is FIELD=COLUMN for a field of the model, got {unknown[0]}; its fields are {fields}"
        )
    found: dict[str, list[str]] = {}
    for field in signature.inputs:
        name = columns.get(field.name, field.name)
        here = [name] if name in known else _matching(field, name, known) if field.name in columns else []
        if here:
            found[field.name] = here
        elif not field.optional or field.name in columns:
            raise UsageError(
                f"{source} has no column {name!r} for the field {field.name!r}; {_hint(field, name, known)}"
            )
    return found


def _matching(field: Field, pattern: str, known: list[str]) -> list[str]:
    if field.kind != "tensor" or len(field.shape) != 1:
        return []
    found = [name for name in known if fnmatch.fnmatchcase(name, pattern)]
    if found and field.shape[0] not in (None, len(found)):
        raise UsageError(
            f"{field.name!r} is {field.shape[0]} values, {pattern!r} matches {len(found)} columns: {', '.join(found[:8])}"
        )
    return found


def _hint(field: Field, name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    guess = f"did you mean --column {field.name}={close[0]}? " if close else ""
    stem = known[-1].rstrip("0123456789") if known else ""
    if not close and field.kind == "tensor" and len(field.shape) == 1:
        guess = f"columns become one tensor by a pattern, such as --column '{field.name}={stem}*'; "
    return f"{guess}its columns are {_listed(known)}"


def _listed(known: list[str]) -> str:
    more = f" and {len(known) - LISTED} more" if len(known) > LISTED else ""
    return ", ".join(known[:LISTED]) + more
