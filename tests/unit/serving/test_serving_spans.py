"""One span a request, of the trace that its client began."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from daybreak.serving.spans import Tracing

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def spans():
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    return Tracing(provider), kept


def test_a_span_goes_on_the_trace_of_its_client(spans):
    tracing, kept = spans
    tracing.request({b"traceparent": f"00-{TRACE}-{PARENT}-01".encode()}, "POST", "/predict", 200, 0.25)
    (span,) = kept.get_finished_spans()
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, PARENT)
    assert span.name == "POST /predict"
    assert span.attributes["http.response.status_code"] == 200
    assert (span.end_time - span.start_time) / 1e9 == pytest.approx(0.25)
    assert span.status.is_ok


@pytest.mark.parametrize("headers", [{}, {b"traceparent": b"nonsense"}, {b"traceparent": b"\xff"}])
def test_a_request_without_a_trace_begins_one(spans, headers):
    tracing, kept = spans
    tracing.request(headers, "GET", "/nothing", 404, 0.0)
    tracing.request(headers, "GET", "/v2", 503, 0.0)
    missing, failed = kept.get_finished_spans()
    assert missing.parent is None
    assert missing.name == "GET"  # paths that clients invent name no spans
    assert not failed.status.is_ok
