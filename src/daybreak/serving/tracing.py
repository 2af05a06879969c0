"""OpenTelemetry: one span a request, of the trace that its `traceparent` names (W3C Trace Context). Off unless it is asked for.

On where OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_TRACES_EXPORTER says where spans go (the SDK's own variables, so that its samplers and resource
attributes work, too); needs `pip install 'daybreak[trace]'`.
"""

import os
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.serving.engine import Engine
from daybreak.serving.spans import Tracing

WANTED = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER")


async def attach(engine: Engine, replica: int) -> None:
    """Trace from now on, where it is asked for. Raises `UsageError` where a package is missing."""
    if os.environ.get("OTEL_TRACES_EXPORTER") == "none" or not any(os.environ.get(name) for name in WANTED):
        return
    engine.tracing = Tracing(_provider(engine.deployment.name, replica))
    engine.closers.append(engine.tracing.close)


def _provider(deployment: str, replica: int) -> Any:
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        resource = Resource.create({"service.name": deployment, "service.instance.id": str(replica)})
        provider = TracerProvider(resource=resource)
        provider.add_span_processor(BatchSpanProcessor(_exporter()))
    except ImportError as error:
        raise UsageError(
            f"tracing is asked for by OTEL_..., and needs OpenTelemetry ({error}): pip install 'daybreak[trace]'"
        ) from error
    return provider


def _exporter() -> Any:
    if os.environ.get("OTEL_TRACES_EXPORTER") == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()
