"""One process's share of a job: a reader, and threads that predict and write, each part by one of them.

Reading, inference and writing overlap, since different parts are in different hands; a part's bytes depend on its rows alone: calls of the
model begin at its first row and have a fixed length, and the runtime has one thread in each call.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

import msgspec
import numpy as np
from blake3 import blake3

from daybreak.base.errors import BadRow, BadRows, ModelFailed
from daybreak.batch.answers import Answers, joined
from daybreak.batch.places import Input, Out
from daybreak.batch.plan import JOB, Done, Plan, part_name
from daybreak.batch.sources import Piece, Source, Taken, Wanted
from daybreak.batch.sources.delimited import Delimited
from daybreak.batch.sources.folders import Folder
from daybreak.batch.sources.lines import Lines
from daybreak.batch.sources.parquet import Parquet
from daybreak.inference.loading import load
from daybreak.inference.model import Model
from daybreak.signature.columns import cut, length, picked
from daybreak.signature.fields import Columns, Signature

KINDS: dict[str, Callable[[int, Input, Plan, Signature], Source]] = {
    "parquet": Parquet,
    "csv": Delimited,
    "jsonl": Lines,
    "images": Folder,
    "sounds": Folder,
}
Why = tuple[str, str]  # the code and the sentence of a row that is refused
Tell = Callable[
    [int, int, float], None
]  # rows answered and rejected by this part, share of this process's work done so far


class Share(msgspec.Struct, frozen=True):
    """Which parts are this process's: `index` of `of`."""

    index: int = 0
    of: int = 1


def source(index: int, given: Input, plan: Plan, signature: Signature) -> Source:
    """The source that reads an input. Raises `UsageError`."""
    return KINDS[given.kind](index, given, plan, signature)


def run(plan: Plan, folder: Path, out: Out, share: Share, threads: int, tell: Tell) -> None:
    """Do what of the share is not done yet. Raises `UsageError`, `ModelFailed`; what was done stays done."""
    models: SimpleQueue[Model] = SimpleQueue()
    with ExitStack() as loaded:
        for _ in range(threads):
            model = load(folder)
            loaded.callback(model.close)
            models.put(model)
        signature = model.signature
        writer = Answers(signature, plan.format)
        with ThreadPoolExecutor(threads) as pool:
            waiting: dict[Future[Done], float] = {}
            try:
                for place, held in _pieces(plan, signature, _done(out), share):
                    waiting[pool.submit(_part, plan, out, models, writer, held[0], held[1])] = place
                    if len(waiting) > threads + 1:
                        _tell(waiting, tell)
                while waiting:
                    _tell(waiting, tell)
            finally:
                pool.shutdown(cancel_futures=True)


def _tell(waiting: dict[Future[Done], float], tell: Tell) -> None:
    """Wait until a part is done; raises what it raised."""
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        done = future.result()
        tell(done.rows, len(done.rejects), waiting.pop(future))


def _done(out: Out) -> set[str]:
    return {name.partition(".")[0] for name in out.names(JOB) if name.startswith("part-")}


def _pieces(
    plan: Plan, signature: Signature, done: set[str], share: Share
) -> Iterator[tuple[float, tuple[Source, Piece]]]:
    """Pieces of the share that are not done, with how much of all inputs is read after each."""
    total = sum(given.size for given in plan.inputs) or 1
    before = 0
    for index, given in enumerate(plan.inputs):
        made = source(index, given, plan, signature)
        for piece in made.pieces(_open(index, _mine(made.count(), plan.part_rows, share), done)):
            yield (before + piece.at * given.size) / total, (made, piece)
        before += given.size


def _open(index: int, mine: Wanted, done: set[str]) -> Wanted:
    return lambda number: mine(number) and part_name(index, number) not in done


def _mine(rows: int | None, size: int, share: Share) -> Wanted:
    """Of a file whose rows are known a run of parts, so that each process reads only its own; else every so-manieth part."""
    if rows is None:
        return lambda number: number % share.of == share.index
    parts = -(-rows // size)
    first, last = parts * share.index // share.of, parts * (share.index + 1) // share.of
    return lambda number: first <= number < last


def _part(plan: Plan, out: Out, models: "SimpleQueue[Model]", writer: Answers, made: Source, piece: Piece) -> Done:
    """Predict a piece, write its part, and then the mark that it is whole."""
    taken = made.taken(piece)
    model = models.get()
    try:
        taken, outputs = predicted(model, taken, plan.batch)
    finally:
        models.put(model)
    name = part_name(piece.source, piece.number)
    file = plan.inputs[piece.source].path
    data = writer.part(taken, outputs, file) if length(taken.columns) else b""
    part = f"{name}.{plan.format}" if data else ""
    if data:
        out.write(part, data)
    rejects = [_reject(file, row, bad) for row, bad in sorted(taken.faults.items())]
    done = Done(part, len(taken.rows), len(data), blake3(data).hexdigest() if data else "", rejects)
    out.write(f"{JOB}/{name}.json", msgspec.json.encode(done))
    return done


def _reject(file: str, row: int, bad: BadRow) -> dict[str, str | int | None]:
    return {"file": file, "row": row, "code": bad.code, "where": bad.where, "error": str(bad)}


def predicted(model: Model, taken: Taken, batch: int) -> tuple[Taken, Columns]:
    """Outputs of the rows that the model can take, in calls of `batch` rows; the others join the faults. Raises `ModelFailed`."""
    outputs: list[Columns] = []
    refused: dict[int, Why] = {}
    for start in range(0, length(taken.columns), batch):
        given = cut(taken.columns, start, start + batch)
        told, faults = _answered(model, given)
        outputs += [told] if told is not None else []
        refused |= {start + row: why for row, why in faults.items()}
    whole = joined(outputs) if outputs else {}
    return (_without(taken, refused) if refused else taken), whole


def _answered(model: Model, given: Columns) -> tuple[Columns | None, dict[int, Why]]:
    """What the model says to the rows that it takes, None where there are none; why it refuses the others, by row."""
    refused: dict[int, Why] = {}
    left = np.arange(length(given))
    while len(left):
        try:
            return model.predict(picked(given, left) if refused else given), refused
        except BadRows as bad:  # one step after the other may refuse rows, which the first let pass
            faults = {int(left[row]): (bad.code, why) for row, why in bad.faults.items() if 0 <= row < len(left)}
            if not faults:
                raise ModelFailed(f"the model refuses rows, and names none of {len(left)}: {bad}") from bad
            refused |= faults
            left = np.array([row for row in left if row not in refused], np.intp)
    return None, refused


def _without(taken: Taken, refused: dict[int, Why]) -> Taken:
    good = np.array([row for row in range(length(taken.columns)) if row not in refused], np.intp)
    rows = [taken.rows[row] for row in good]
    faults = {taken.rows[row]: BadRow(code, why, taken.rows[row]) for row, (code, why) in refused.items()}
    kept = {name: column.take(good) for name, column in taken.kept.items()}
    files = [taken.files[row] for row in good] if taken.files is not None else None
    return Taken(picked(taken.columns, good), rows, kept, {**taken.faults, **faults}, files)


def threads_for(workers: int) -> int:
    """As many as there are cores for each process."""
    return max(
        1,
        len(os.sched_getaffinity(0)) // workers
        if hasattr(os, "sched_getaffinity")
        else (os.cpu_count() or 1) // workers,
    )
