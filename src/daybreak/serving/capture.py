"""Requests and answers that are kept: a share of them, chosen by their ids alone, without fields that are redacted.

Which requests are kept is a function of the id (its MAC is as good as chance), so it repeats, and a larger share keeps all that a smaller
one keeps. A request is kept as the plain route would take it, whichever face it came by: media in base64.
"""

import base64
import io
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from daybreak.serving.calls import Batch, Call
from daybreak.serving.deployment import Capture
from daybreak.serving.engine import Engine
from daybreak.serving.events import Captured
from daybreak.signature.columns import length
from daybreak.signature.fields import Columns, Field, Signature
from daybreak.signature.media import as_png

LARGEST = 8 << 20  # bytes of one request or answer; what is larger is kept as {"left_out": bytes}


async def attach(engine: Engine, replica: int) -> None:  # noqa: ARG001 (of all companions)
    """Keep what the deployment wants, from now on."""
    engine.observers.append(Capturing(engine))


class Capturing:
    """An observer: writes `Captured` events."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def answered(self, batch: Batch) -> None:
        """Keep the calls of a batch that are chosen."""
        wanted = self._engine.deployment.capture
        if wanted.share <= 0:
            return
        begin = 0
        for call in batch.calls:
            if call.id and chosen(call.id, wanted.share):
                self._keep(batch, call, begin, wanted)
            begin += call.rows

    def refused(self, call: Call) -> None:
        """What was not answered is not kept."""

    def _keep(self, batch: Batch, call: Call, begin: int, wanted: Capture) -> None:
        signature, served, end = batch.arm.model.signature, batch.arm.served, begin + call.rows
        inputs = {name: values[begin:end] for name, values in batch.columns.items() if name not in wanted.redact}
        outputs = {name: values[begin:end] for name, values in batch.outputs.items()}
        answers = [msgspec.json.decode(one) for one in call.answers or batch.arm.codec.encode(outputs)]
        for answer in answers:
            for name in wanted.redact:
                answer.pop(name, None)
        request, answer_bytes = bounded(rows_of(signature, inputs)), bounded(answers)
        self._engine.events.add(Captured(call.id, call.at, served.arm, served.version, request, answer_bytes))


def chosen(request: str, share: float) -> bool:
    """Whether a request is of the share that is kept: by the last 32 bits of its id's MAC."""
    try:
        return int(request[-8:], 16) < share * 2**32
    except ValueError:
        return False


def bounded(rows: list[Any]) -> bytes:
    """As JSON, or how large it would have been."""
    told = msgspec.json.encode(rows)
    return told if len(told) <= LARGEST else msgspec.json.encode({"left_out": len(told)})


def rows_of(signature: Signature, columns: Columns) -> list[dict[str, Any]]:
    """Columns as rows of the plain route; only fields that there are columns for."""
    fields = [field for field in signature.inputs if field.name in columns]
    return [{field.name: _value(field, columns[field.name][row]) for field in fields} for row in range(length(columns))]


def _value(field: Field, value: Any) -> Any:
    if value is None or (field.kind != "tensor" and isinstance(value, np.floating) and np.isnan(value)):
        return None
    if field.kind == "image":
        return as_png(value)
    if field.kind == "audio":
        return _as_wav(value, field.rate or 16_000)
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _as_wav(samples: NDArray[Any], rate: int) -> str:
    import soundfile

    held = io.BytesIO()
    soundfile.write(held, samples, rate, format="WAV", subtype="FLOAT")
    return base64.b64encode(held.getvalue()).decode()
