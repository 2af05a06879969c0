"""Counters in files that all replicas of a deployment share."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from daybreak.serving import meters
from daybreak.serving.calls import Batch, Call
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.exposition import told
from daybreak.serving.meters import Meter

SERVED = Served("champion", "digits", 3, "/nowhere")
DEPLOYMENT = Deployment('di"g\\its', (SERVED,), generation=7)
ARM = SimpleNamespace(served=SERVED)


def batch(rows, calls=1, seconds=0.5):
    made = tuple(Call(lambda call: None, rows=rows // calls) for _ in range(calls))
    return Batch(ARM, made, {}, {}, rows, seconds, 0.0, 0.0)


def samples(folder):
    found = {}
    for family in text_string_to_metric_families(told(folder, DEPLOYMENT)):
        for sample in family.samples:
            found[sample.name, *sorted(sample.labels.items())] = sample.value
    return found


def test_a_scrape_of_any_replica_tells_what_all_have_counted(tmp_path):
    first, second = Meter(tmp_path, 0), Meter(tmp_path, 1)
    first.request(b"/predict", 200, 0.003)
    second.request(b"/predict", 200, 7.0)
    second.request(b"/v2/models/digits/infer", 418, 0.0)
    first.feedback("truth")
    first.answered(batch(6, calls=3))
    second.answered(batch(1))
    second.gauge(4)
    found = samples(tmp_path)
    assert found["daybreak_requests_total", ("code", "200"), ("route", "predict")] == 2
    assert found["daybreak_requests_total", ("code", "other"), ("route", "v2")] == 1
    assert found["daybreak_request_seconds_bucket", ("le", "0.0025"), ("route", "predict")] == 0
    assert found["daybreak_request_seconds_bucket", ("le", "0.005"), ("route", "predict")] == 1
    assert found["daybreak_request_seconds_bucket", ("le", "+Inf"), ("route", "predict")] == 2
    assert found["daybreak_request_seconds_sum", ("route", "predict")] == pytest.approx(7.003)
    assert found["daybreak_feedback_total", ("kind", "truth")] == 1
    version = ("arm", "champion"), ("model", "digits"), ("version", "3")
    assert found["daybreak_rows_total", *version] == 7
    assert found["daybreak_calls_total", *version] == 4
    assert found["daybreak_batch_rows_bucket", ("le", "1")] == 1
    assert found["daybreak_batch_rows_bucket", ("le", "8")] == 2
    assert found["daybreak_waiting_requests", ("replica", "1")] == 4
    assert found["daybreak_generation",] == 7
    assert found["daybreak_served_info", *version[:1], ("deployment", 'di"g\\its'), *version[1:]] == 1


def test_counters_outlive_the_process_that_counted(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    meter = Meter(tmp_path, 0)
    meter.request(b"/predict", 200, 0.1)
    meter.answered(batch(2))
    counts = tmp_path / meters.FOLDER
    (counts / f"0-{os.getpid()}").rename(counts / f"0-{dead.pid}")
    heir = Meter(tmp_path, 0)
    heir.request(b"/predict", 200, 0.1)
    heir.answered(batch(3))
    found = samples(tmp_path)
    assert found["daybreak_requests_total", ("code", "200"), ("route", "predict")] == 2
    assert found["daybreak_rows_total", ("arm", "champion"), ("model", "digits"), ("version", "3")] == 5
    assert [file.name for file in counts.glob("*-*")] == [f"0-{os.getpid()}"]
    Meter(tmp_path, 0)  # in a container, whose processes have the same numbers after a restart
    assert samples(tmp_path) == found


def test_invented_paths_and_many_versions_take_no_memory(tmp_path):
    meter = Meter(tmp_path, 0)
    for place in range(1_000):
        meter.request(b"/nothing/%d" % place, 404, 0.0)
        arm = SimpleNamespace(served=Served("a", "m" * 300, place, ""))
        meter.answered(Batch(arm, (), {}, {}, 1, 0.0, 0.0, 0.0))
    found = samples(tmp_path)
    assert found["daybreak_requests_total", ("code", "404"), ("route", "other")] == 1_000
    assert sum(value for (name, *_), value in found.items() if name == "daybreak_rows_total") == 1_000
