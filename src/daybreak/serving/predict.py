"""`POST /predict`: named fields in, named answers out. Handled in the protocol's callback: no task, no scope, one batch a turn.

| body | answer |
|---|---|
| a row: {"field": value, ...} | {"id", "model", "version", "prediction": {...}} |
| rows: [...], {"rows": [...]}, or CSV with a header | {"id", "model", "version", "predictions": [...]} |
| an image or a recording, where the model takes just that | as of a row |
"""

import asyncio
from collections.abc import Callable

from daybreak.serving.calls import Call
from daybreak.serving.engine import Engine
from daybreak.serving.http.exchange import Exchange
from daybreak.serving.http.server import Handler
from daybreak.serving.lane import too_late
from daybreak.serving.packed import unpacked
from daybreak.serving.problems import of_fault, refuse
from daybreak.serving.tables import decoded_csv
from daybreak.signature.codec import Rows
from daybreak.signature.columns import LOOSE, objects
from daybreak.signature.media import read

ROUTE = "predict"
ENCODING = b"content-encoding"
LARGE = 64 << 10  # bytes; a larger body is decoded in a thread, so that the loop goes on
PLAIN = frozenset((b"", b"application/json", b"application/x-www-form-urlencoded", b"text/plain", b"text/json"))
CSV = frozenset((b"text/csv", b"application/csv"))
MEDIA = {b"image": "image", b"audio": "audio"}

Prepared = tuple[Call, bool]  # and whether one answer is expected, not a list
Decode = Callable[[bytes, Callable[[Call], None]], Prepared]


def handler(engine: Engine) -> Handler:
    """What the protocol calls with each request for `/predict`."""

    def handle(exchange: Exchange) -> None:
        if exchange.method != b"POST":
            refusal = refuse("wrong_method", f"/predict takes POST, not {exchange.method.decode()}")
            exchange.answer(refusal.status, refusal.body, headers=[(b"allow", b"POST")])
        else:
            Prediction(engine, exchange).begin()

    return handle


class Prediction:
    """One request on its way."""

    __slots__ = ("_arrived", "_call", "_codec", "_engine", "_exchange", "_left", "_single")

    def __init__(self, engine: Engine, exchange: Exchange) -> None:
        self._engine = engine
        self._exchange = exchange
        self._call: Call | None = None
        self._codec = engine.codec  # by which its rows are decoded
        self._arrived = engine.now()
        self._left = False
        self._single = True
        exchange.worker = self

    def gone(self) -> None:
        """The client has hung up: its rows leave the queue."""
        self._left = True
        if self._call is not None:
            self._call.cancelled = True

    def begin(self) -> None:
        """Decode the body and queue its rows."""
        try:
            if len(self._exchange.body) > LARGE or ENCODING in self._exchange.known:
                self._engine.aside(self._decode_in_time, self._decoded)
            else:
                self._submit(*self._decode())
        except Exception as error:  # noqa: BLE001 (told in the log where it is ours)
            self._exchange.refuse(of_fault(error))

    def _decoded(self, done: "asyncio.Future[Prepared]") -> None:
        if self._exchange.connection.transport.is_closing():
            return
        try:
            if self._codec.signature.inputs == self._engine.signature.inputs:
                self._submit(*done.result())
            else:  # another model serves since: its rows have other places
                self._engine.aside(self._decode_in_time, self._decoded)
        except Exception as error:  # noqa: BLE001 (told in the log where it is ours)
            self._exchange.refuse(of_fault(error))

    def _decode_in_time(self) -> Prepared:
        """As `_decode`, unless nobody waits any more."""
        waited = self._engine.now() - self._arrived
        if waited >= self._engine.deployment.limits.deadline:
            raise too_late(waited)
        if self._left:
            raise refuse("gone", "the client hung up")
        return self._decode()

    def _decode(self) -> Prepared:
        """The body as a call. Raises `BadRow`, `Refusal`."""
        exchange, limits = self._exchange, self._engine.deployment.limits
        codec = self._codec = self._engine.codec
        if ENCODING in exchange.known:
            encoding = exchange.known.pop(ENCODING).decode("latin-1")  # once: it may be decoded again
            exchange.body = unpacked(exchange.body, encoding, limits.body)
        media = exchange.known.get(b"content-type", b"")
        if media not in PLAIN:
            media = media.partition(b";")[0].strip().lower()
        if media in PLAIN:
            rows = codec.decode(exchange.body, limits.rows)
        elif media in CSV:
            rows = decoded_csv(codec, exchange.body, limits.rows)
        else:
            return self._of_media(media), True
        if not rows:
            raise refuse("no_rows", "a request holds at least one row, this holds none")
        return Call(self._done, decoded=rows, json=True, route=ROUTE, unit=self._unit(rows)), rows.single

    def _of_media(self, media: bytes) -> Call:
        """A body that is the one input itself."""
        inputs = self._codec.signature.inputs
        kind = MEDIA.get(media.partition(b"/")[0])
        if len(inputs) != 1 or inputs[0].kind not in LOOSE or kind != inputs[0].kind:
            takes = f", {inputs[0].kind}/*" if len(inputs) == 1 and inputs[0].kind in LOOSE else ""
            told = media.decode("latin-1")[:80]
            raise refuse(
                "unknown_media", f"/predict takes application/json, text/csv{takes}, got {told!r}", "Content-Type"
            )
        columns = {inputs[0].name: objects([read(inputs[0], self._exchange.body)])}
        return Call(self._done, columns=columns, rows=1, json=True, route=ROUTE, unit=self._unit(Rows((), single=True)))

    def _unit(self, rows: Rows) -> str:
        return self._engine.unit_of(self._exchange.known, rows) if self._engine.router is not None else ""

    def _submit(self, call: Call, single: bool) -> None:
        self._call, self._single = call, single
        deadline = self._exchange.known.get(b"x-deadline-ms")
        self._engine.submit(call, deadline=None if deadline is None else seconds_of(deadline), arrived=self._arrived)

    def _done(self, call: Call) -> None:
        if call.refusal is not None or call.answers is None or call.arm is None:
            self._exchange.refuse(call.refusal or refuse("internal", "the model gave no answer"))
            return
        told = b",".join(call.answers)
        head = b'{"id":"%s",%s' % (call.id.encode(), call.arm.label)
        if self._single:
            self._exchange.answer(200, b'%s"prediction":%s}' % (head, told))
        else:
            self._exchange.answer(200, b'%s"predictions":[%s]}' % (head, told))


def seconds_of(told: bytes) -> float:
    """The header `x-deadline-ms`. Raises `Refusal`."""
    try:
        milliseconds = float(told)
    except ValueError:
        milliseconds = 0.0
    if not 0 < milliseconds < float("inf"):
        raise refuse(
            "bad_request",
            f"a deadline is a number of milliseconds above 0, got {told.decode('latin-1')[:40]!r}",
            "x-deadline-ms",
        )
    return milliseconds / 1e3
