"""V2's inference as `serving.predict` does the plain route: in the protocol's callback, for small bodies of models that are served.

Everything else of the protocol (metadata, large or packed bodies, models that are not there) goes to the app's routes.
"""

import logging
from functools import partial

from daybreak.serving.calls import Call
from daybreak.serving.engine import Engine
from daybreak.serving.http.exchange import JSON, Exchange
from daybreak.serving.http.server import Handler
from daybreak.serving.problems import of_fault, refuse
from daybreak.serving.refusals import Refusal
from daybreak.serving.v2 import bodies
from daybreak.serving.v2.infer import LARGE, Asked, Wanted, answered, arm_of, deadline_of, wanted_of
from daybreak.serving.v2.mapping import columns_of
from daybreak.signature.fields import Output

_log = logging.getLogger("daybreak.serving")

BINARY = b"application/octet-stream"
MEDIA = frozenset((b"", JSON, BINARY))
LENGTH = bodies.LENGTH_HEADER.lower().encode()


def handlers(engine: Engine, cold: Handler) -> dict[bytes, Handler]:
    """Path -> handler, of all that is served now. `cold`: who answers what this does not."""
    found: dict[bytes, Handler] = {}
    for served in engine.deployment.served:
        for name in dict.fromkeys((served.model, engine.deployment.name)):
            path = f"/v2/models/{name}"
            found[f"{path}/infer".encode()] = partial(_handle, engine, cold, name, None)
            found[f"{path}/versions/{served.version}/infer".encode()] = partial(
                _handle, engine, cold, name, str(served.version)
            )
    return found


def _handle(engine: Engine, cold: Handler, name: str, version: str | None, exchange: Exchange) -> None:
    known = exchange.known
    small = len(exchange.body) <= LARGE and b"content-encoding" not in known
    if exchange.method == b"POST" and small and known.get(b"content-type", b"") in MEDIA:
        Inference(engine, exchange).begin(name, version)
    else:
        cold(exchange)


class Inference:
    """One request on its way."""

    __slots__ = ("_asked", "_call", "_engine", "_exchange", "_wanted")

    def __init__(self, engine: Engine, exchange: Exchange) -> None:
        self._engine = engine
        self._exchange = exchange
        self._asked = Asked([])
        self._wanted: list[tuple[Wanted, Output]] = []
        self._call: Call | None = None
        exchange.worker = self

    def gone(self) -> None:
        """The client has hung up: its rows leave the queue."""
        if self._call is not None:
            self._call.cancelled = True

    def begin(self, name: str, version: str | None) -> None:
        """Read the body and queue its rows."""
        engine, known = self._engine, self._exchange.known
        try:
            arm = arm_of(engine, name, version)
            length = known.get(LENGTH)
            asked = bodies.read(self._exchange.body, None if length is None else length.decode("latin-1"))
            self._asked, self._wanted = asked, wanted_of(engine.signature, asked.outputs)
            columns, rows = columns_of(engine.signature, asked.inputs, engine.deployment.limits.rows)
            unit = str(asked.parameters.get("unit", "")) or engine.unit_of(known, ())
            self._call = Call(self._done, columns=columns, rows=rows, route="v2", unit=unit)
            engine.submit(self._call, arm=arm, deadline=deadline_of(asked.parameters))
        except Exception as error:  # noqa: BLE001 (told in the log where it is ours)
            self._exchange.refuse(of_fault(error))

    def _done(self, call: Call) -> None:
        if call.refusal is not None:
            self._exchange.refuse(call.refusal)
            return
        try:
            told, length = bodies.write(self._asked, answered(call, self._wanted))
        except Refusal as refusal:
            self._exchange.refuse(refusal)
        except Exception:  # noqa: BLE001 (told in the log)
            _log.exception("an answer could not be written")
            self._exchange.refuse(refuse("internal", "the server failed on this request; its log says why"))
        else:
            binary = length is not None
            more = [(LENGTH, str(length).encode())] if binary else []
            self._exchange.answer(200, told, BINARY if binary else JSON, more)
