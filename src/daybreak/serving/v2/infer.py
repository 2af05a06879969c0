"""An inference request of the protocol, over HTTP and gRPC alike: tensors in, the engine asked, tensors out.

Of parameters `timeout` (microseconds) shortens the deadline, `unit` names who asks where a split needs it, `binary_data_output` asks for
all outputs as binary; `classification` and `binary_data` are those of a requested output. Others are taken and mean nothing here.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import msgspec

from daybreak.serving.calls import Call
from daybreak.serving.engine import Engine
from daybreak.serving.problems import refuse
from daybreak.serving.v2.answers import classified, tensor_of
from daybreak.serving.v2.mapping import columns_of
from daybreak.serving.v2.tensors import Tensor
from daybreak.signature.fields import Output, Signature

Parameters = dict[str, Any]
LARGE = 64 << 10
LONGEST = 10**15  # microseconds; a number of many digits is no float
T = TypeVar("T")


class Wanted(msgspec.Struct):
    """An output that is asked for."""

    name: str
    parameters: Parameters = {}


class Asked(msgspec.Struct):
    """One request: its own `id` comes back with the answer. No `outputs`: all of them."""

    inputs: list[Tensor]
    id: str = ""
    parameters: Parameters = {}
    outputs: list[Wanted] = []


class Answered(msgspec.Struct):
    """The answer: tensors beside what asked for each."""

    call: Call
    outputs: list[tuple[Wanted, Output, Tensor]]


async def aside(size: int, work: Callable[[], T]) -> T:
    """Do it; in a thread where its input has so many bytes that other requests should not wait for it."""
    return await asyncio.to_thread(work) if size > LARGE else work()


async def infer(engine: Engine, asked: Asked, arm: str, *, route: str, size: int, unit: str = "") -> Answered:
    """Predict. `arm`: of whom an explicit version must be answered, else empty; `size`: of the request in bytes. Raises `Refusal`."""
    signature, read = engine.signature, None
    while read is None or engine.signature != signature:  # another model may serve when they are read
        signature, most = engine.signature, engine.deployment.limits.rows
        wanted = wanted_of(signature, asked.outputs)
        read = await aside(size, partial(columns_of, signature, asked.inputs, most))
    columns, rows = read
    unit = str(asked.parameters.get("unit", unit))
    call = await engine.predict(columns, rows, route=route, unit=unit, arm=arm, deadline=deadline_of(asked.parameters))
    return answered(call, wanted)


def answered(call: Call, wanted: "list[tuple[Wanted, Output]]") -> Answered:
    """What was asked for, of a call that went well. Raises `Refusal`."""
    outputs = call.outputs or {}
    return Answered(call, [(one, output, _tensor(one, output, outputs[output.name])) for one, output in wanted])


def arm_of(engine: Engine, name: str, version: str | None) -> str:
    """Of a model's name and version as a path has them; empty where any arm may answer.

    Raises `Refusal`: unknown_model, unknown_version.
    """
    arms = [served for served in engine.deployment.served if served.model == name]
    if not arms and name != engine.deployment.name:
        names = sorted({served.model for served in engine.deployment.served})
        raise refuse("unknown_model", f"no model {name[:80]!r} is served here; those that are: {', '.join(names)}")
    if not version:
        return arms[0].arm if 0 < len(arms) < len(engine.deployment.served) else ""
    for served in arms or engine.deployment.served:
        if str(served.version) == version:
            return served.arm
    told = ", ".join(str(served.version) for served in arms or engine.deployment.served)
    raise refuse("unknown_version", f"version {version[:80]!r} of {name} is not served here; those that are: {told}")


def wanted_of(signature: Signature, told: list[Wanted]) -> list[tuple[Wanted, Output]]:
    """The outputs that are asked for; all where none is named. Raises `Refusal` (unknown_field)."""
    known = {output.name: output for output in signature.outputs}
    if not told:
        return [(Wanted(name), output) for name, output in known.items()]
    for one in told:
        if one.name not in known:
            raise refuse(
                "unknown_field",
                f"the model has no output {one.name[:80]!r}; they are {', '.join(known)}",
                one.name[:80],
            )
    if len({one.name for one in told}) < len(told):
        raise refuse("bad_request", "each output is asked for once; a name stands twice", "outputs")
    return [(one, known[one.name]) for one in told]


def _tensor(wanted: Wanted, output: Output, column: Any) -> Tensor:
    most = wanted.parameters.get("classification", 0)
    if not most:
        return tensor_of(output, column)
    if isinstance(most, bool) or not isinstance(most, int):
        raise refuse("bad_request", f"`classification` is how many classes to tell, got {most!r}", output.name)
    return classified(output, column, most)


def deadline_of(parameters: Parameters) -> float | None:
    """Seconds of the parameter `timeout`. Raises `Refusal` (bad_request)."""
    timeout = parameters.get("timeout")
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, int) or timeout <= 0:
        raise refuse(
            "bad_request", f"the parameter `timeout` is microseconds from 1 on, got {str(timeout)[:40]}", "timeout"
        )
    return min(timeout, LONGEST) / 1e6
