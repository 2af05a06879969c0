"""Spans of requests, for OpenTelemetry: each is made when its request is answered, so nothing is kept meanwhile."""

import time
from collections.abc import Mapping
from typing import Any

MISSING, FAULT = 404, 500


class Tracing:
    """Makes spans. `provider`: a `TracerProvider` of the SDK."""

    def __init__(self, provider: Any) -> None:
        from opentelemetry.trace import SpanKind, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("daybreak.serving")
        self._context = TraceContextTextMapPropagator()
        self._kind, self._error = SpanKind.SERVER, StatusCode.ERROR

    def request(self, headers: Mapping[bytes, bytes], method: str, path: str, status: int, seconds: float) -> None:
        """One request was answered just now, `seconds` after it had come in. Names are OpenTelemetry's for HTTP servers."""
        carried = {
            name: headers[name.encode()].decode("latin-1")
            for name in ("traceparent", "tracestate")
            if name.encode() in headers
        }
        end = time.time_ns()
        span = self._tracer.start_span(
            method if status == MISSING else f"{method} {path}",
            context=self._context.extract(carried),
            kind=self._kind,
            start_time=end - int(seconds * 1e9),
            attributes={"http.request.method": method, "url.path": path, "http.response.status_code": status},
        )
        if status >= FAULT:
            span.set_status(self._error)
        span.end(end)

    async def close(self, seconds: float) -> None:  # noqa: ARG002 (of all closers)
        """Send what was gathered."""
        self._provider.shutdown()
