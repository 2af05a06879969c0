"""What all replicas of a deployment have counted, in Prometheus' text format 0.0.4."""

import time
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path

from daybreak.serving import meters
from daybreak.serving.deployment import Deployment

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
FRESH = 10.0  # seconds that a replica may say nothing and still be taken for alive
Sample = tuple[dict[str, str], float]


def told(folder: Path, deployment: Deployment) -> str:
    """The page of metrics; any replica tells it for all."""
    every = meters.counted(folder)
    lines = [*_requests(every.values()), *_batches(every.values()), *_versions(every.values()), *_replicas(every)]
    return "\n".join([*lines, *_deployed(deployment), ""])


def _requests(every: Iterable[meters.Counts]) -> Iterable[str]:
    total = sum((counts.block("requests") for counts in every), start=meters.nothing("requests"))
    latency = sum((counts.block("latency") for counts in every), start=meters.nothing("latency"))
    feedback = sum((counts.block("feedback") for counts in every), start=meters.nothing("feedback"))
    samples = [
        ({"route": face, "code": str(status) if status else "other"}, total[row, column])
        for row, face in enumerate(meters.FACES)
        for column, status in enumerate(meters.STATUSES)
        if total[row, column]
    ]
    yield from _metric("daybreak_requests_total", "counter", "Requests that were answered.", samples)
    name = "daybreak_request_seconds"
    yield from _head(name, "histogram", "Seconds from a request's arrival to its answer.")
    for face, counts in zip(meters.FACES, latency, strict=True):
        if counts[:-1].any():
            yield from _histogram(name, {"route": face}, meters.SECONDS, counts.tolist())
    kinds = [({"kind": kind}, value) for kind, value in zip(meters.KINDS, feedback[0], strict=True)]
    yield from _metric("daybreak_feedback_total", "counter", "Pieces of feedback that were taken.", kinds)


def _batches(every: Iterable[meters.Counts]) -> Iterable[str]:
    counts = sum((one.block("batches") for one in every), start=meters.nothing("batches"))[0]
    yield from _head("daybreak_batch_rows", "histogram", "Rows in one call of the model.")
    yield from _histogram("daybreak_batch_rows", {}, meters.ROWS, counts.tolist())


def _versions(every: Iterable[meters.Counts]) -> Iterable[str]:
    found: dict[meters.Version, list[float]] = {}
    for counts in every:
        for named, values in zip(counts.names, counts.block("versions").tolist(), strict=False):
            found[named] = [one + more for one, more in zip(found.get(named, [0.0] * 4), values, strict=True)]
    labels = {named: dict(zip(("arm", "model", "version"), named, strict=True)) for named in found}
    for place, (name, about) in enumerate(
        (
            ("daybreak_rows_total", "Rows that a version answered."),
            ("daybreak_calls_total", "Requests with rows that a version answered."),
            ("daybreak_calls_failed_total", "Requests with rows that a version did not answer."),
            ("daybreak_model_seconds_total", "Seconds that a version computed."),
        )
    ):
        yield from _metric(name, "counter", about, [(labels[named], values[place]) for named, values in found.items()])


def _replicas(every: dict[str, meters.Counts]) -> Iterable[str]:
    oldest = time.time() - FRESH
    alive = {
        name.partition("-")[0]: counts.block("gauges")[0]
        for name, counts in every.items()
        if counts.block("gauges")[0, 0] > oldest
    }
    for place, (name, about) in enumerate(
        (
            ("daybreak_replica_seen_seconds", "When a replica last told of itself, in seconds since 1970."),
            ("daybreak_waiting_requests", "Requests that wait for the model."),
            ("daybreak_memory_bytes", "Resident memory."),
        )
    ):
        yield from _metric(name, "gauge", about, [({"replica": one}, gauges[place]) for one, gauges in alive.items()])


def _deployed(deployment: Deployment) -> Iterable[str]:
    samples = [
        ({"deployment": deployment.name, "arm": one.arm, "model": one.model, "version": str(one.version)}, 1.0)
        for one in deployment.served
    ]
    yield from _metric("daybreak_served_info", "gauge", "Versions that are served.", samples)
    yield from _metric(
        "daybreak_generation", "gauge", "Of the deployment's wanted state.", [({}, deployment.generation)]
    )


def _histogram(name: str, labels: dict[str, str], bounds: Sequence[float], counts: list[float]) -> Iterable[str]:
    """`counts`: up to each bound, beyond, sum."""
    for bound, count in zip([*map(str, bounds), "+Inf"], accumulate(counts[:-1]), strict=True):
        yield _line(f"{name}_bucket", labels | {"le": bound}, count)
    yield _line(f"{name}_sum", labels, counts[-1])
    yield _line(f"{name}_count", labels, sum(counts[:-1]))


def _metric(name: str, kind: str, about: str, samples: Sequence[Sample]) -> Iterable[str]:
    yield from _head(name, kind, about)
    for labels, value in samples:
        yield _line(name, labels, value)


def _head(name: str, kind: str, about: str) -> Iterable[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def _line(name: str, labels: dict[str, str], value: float) -> str:
    told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{told}}} {value:.17g}" if told else f"{name} {value:.17g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
