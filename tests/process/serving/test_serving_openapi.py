"""Schemathesis, which nobody here wrote, makes requests from the OpenAPI document: no 5xx, and every answer is as the document says."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from protocol_cases import deployed
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from daybreak.testing import packages

pytestmark = pytest.mark.enable_socket

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ROUTES = {"/predict", "/feedback", "/metrics", "/v2", "/v2/models/{name}/infer"}  # and more
MODES = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]


@pytest.fixture(scope="module")
def income(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package") / "income"
    packages.mlp_columns(folder)
    with deployed(tmp_path_factory.mktemp("home"), folder) as running:
        yield running


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_no_request_is_answered_otherwise_than_documented(income, mode):
    schema = schemathesis.openapi.from_url(f"http://localhost:{income.port}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert {operation.path for operation in operations} > ROUTES
    for operation in operations:
        if mode is MODES[0] or operation.method == "post":  # a GET without parameters cannot be asked wrongly
            ask(operation, mode)


def ask(operation, mode):
    @settings(max_examples=5, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None)
    @given(case=operation.as_strategy(generation_mode=mode))
    def every(case):
        case.call_and_validate(checks=CHECKS)

    every()
