"""A whole job: planned, checked, shared out, and closed with a manifest.

report = start(Request(folder, ("in/*.parquet",), "out"), tell)
"""

import contextlib
import fcntl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from blake3 import blake3

from daybreak.base.errors import UsageError
from daybreak.base.writing import unwritable
from daybreak.batch import places, processes
from daybreak.batch.places import Out, remote
from daybreak.batch.plan import JOB, MANIFEST, PLAN, REJECTS, Done, Format, Plan, check_own, kept, settled, sizes
from daybreak.batch.running import Share, run, source, threads_for
from daybreak.registry.package import Package, verify

Progress = Callable[
    [int, int, float, bool], None
]  # rows answered, rejected, share of the job done; whether that was so before


@dataclass(frozen=True)
class Request:
    """`folder`: of the package; `columns`: field -> column or pattern; `threads`: None for as many as there are cores.

    `engine`: processes of this machine, or Ray actors on the cluster at `address`.
    """

    folder: Path
    inputs: tuple[str, ...]
    out: str
    columns: dict[str, str] = field(default_factory=dict)
    keep: tuple[str, ...] = ()  # COLUMN or NAME=COLUMN
    format: Format = "parquet"
    part_rows: int | None = None
    batch: int | None = None
    workers: int = 1
    threads: int | None = None
    engine: str = "local"
    address: str = ""


class Report(msgspec.Struct, frozen=True):
    """What the manifest says, and where it is. `resumed`: parts that were there already."""

    out: str
    rows: int
    rejected: int
    parts: int
    resumed: int
    manifest: str


def start(request: Request, tell: Progress) -> Report:
    """Do a job, or go on with it where it was cut off. Raises `UsageError`, `NotFound`, `DamagedFile`, `ModelFailed`."""
    package = verify(request.folder)
    plan = planned(request, package)
    out = Out(request.out)
    check_own(out)
    with _alone(out):
        if out.read(PLAN) is None:
            _check(plan, package)  # before it is written down: what is corrected is no other job
        settled(out, plan)
        done = _whole(out)
        resumed = len(done)
        if out.read(MANIFEST) is None:
            digests = _digested(plan)
            tell(*_counts(done), 0.0, True)
            _run(request, plan, out, lambda rows, rejected, share: tell(rows, rejected, share, False))
            done = marks(out)
            _close(plan, package, out, done, digests.result())
        rows, rejected = _counts(done)
    return Report(
        out.path, rows, rejected, sum(bool(mark.part) for mark in done.values()), resumed, f"{out.path}/{MANIFEST}"
    )


def planned(request: Request, package: Package) -> Plan:
    """The plan of what is asked. Raises `UsageError`, `NotFound`."""
    if request.workers < 1 or (request.threads is not None and request.threads < 1):
        raise UsageError(f"--workers and --threads are at least 1, got {request.workers} and {request.threads}")
    part_rows, batch = sizes(package.signature, request.part_rows, request.batch)
    inputs = tuple(places.inputs(request.inputs))
    return Plan(
        package.name,
        package.version,
        package.digest,
        inputs,
        request.columns,
        kept(request.keep, package.signature),
        request.format,
        part_rows,
        batch,
    )


def _check(plan: Plan, package: Package) -> None:
    """Every input's schema, before the first row of any."""
    for index, given in enumerate(plan.inputs):
        source(index, given, plan, package.signature).check()


def _digested(plan: Plan) -> "Future[list[dict[str, Any]]]":
    """The inputs' digests, while the job runs. A thread that nobody waits for: a job that failed ends at once."""
    told: Future[list[dict[str, Any]]] = Future()

    def work() -> None:
        try:
            told.set_result([places.digest(given) for given in plan.inputs])
        except BaseException as error:  # noqa: BLE001 - whoever asks is told
            told.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return told


def _counts(done: dict[str, Done]) -> tuple[int, int]:
    """Rows with an answer, and without."""
    return sum(mark.rows for mark in done.values()), sum(len(mark.rejects) for mark in done.values())


def _run(request: Request, plan: Plan, out: Out, tell: Callable[[int, int, float], None]) -> None:
    threads = request.threads or threads_for(request.workers)
    if request.engine == "ray":
        from daybreak.batch import cluster

        cluster.run(plan, request.folder, out, request.workers, request.threads or 1, tell, request.address)
    elif request.workers > 1:
        processes.run(plan, request.folder, out, request.workers, threads, tell)
    else:
        run(plan, request.folder, out, Share(), threads, tell)


def marks(out: Out) -> dict[str, Done]:
    """Parts that are whole, by name, in order."""
    found = {}
    for name in out.names(JOB):
        if name.startswith("part-"):
            found[name.partition(".")[0]] = msgspec.json.decode(out.read(f"{JOB}/{name}") or b"", type=Done)
    return found


def _whole(out: Out) -> dict[str, Done]:
    """Marks whose parts are there in full. The others are taken away, after the manifest, so that their rows are predicted again."""
    there, done = out.sizes(), marks(out)
    lost = [name for name, mark in done.items() if mark.part and there.get(mark.part) != mark.bytes]
    if lost or (REJECTS not in there and any(mark.rejects for mark in done.values())):
        out.remove(MANIFEST)
    for name in lost:
        out.remove(f"{JOB}/{name}.json")
        del done[name]
    return done


def _close(plan: Plan, package: Package, out: Out, done: dict[str, Done], digests: list[dict[str, Any]]) -> None:
    """Write the rejects and the manifest; the same bytes for the same job."""
    rejects = b"".join(msgspec.json.encode(line) + b"\n" for mark in done.values() for line in mark.rejects)
    if rejects:
        out.write(REJECTS, rejects)
    told: dict[str, Any] = {
        "model": {"name": package.name, "version": package.version, "digest": package.digest},
        "inputs": digests,
        "rows": _counts(done)[0],
        "rejected": _counts(done)[1],
        "rejects": {"file": REJECTS, "blake3": blake3(rejects).hexdigest()} if rejects else None,
        "parts": [
            {"file": mark.part, "rows": mark.rows, "bytes": mark.bytes, "blake3": mark.blake3}
            for mark in done.values()
            if mark.part
        ],
        "classes": {output.name: output.classes for output in package.signature.outputs if output.classes},
        "plan": msgspec.to_builtins(plan),
    }
    out.write(MANIFEST, msgspec.json.format(msgspec.json.encode(told), indent=1))


@contextlib.contextmanager
def _alone(out: Out) -> Iterator[None]:
    """One job at a time writes into a folder of this machine. Raises `UsageError`."""
    if remote(out.path):
        yield
        return
    folder = Path(out.path) / JOB
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(out.path, error) from error
    with (folder / "lock").open("a") as lock:  # which leaves it as it is
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(f"another job is writing into {out.path}; wait for it, or give another folder") from error
        yield
