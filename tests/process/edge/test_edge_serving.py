"""A device in a process of its own: it serves, takes updates without losing a request, goes back from those that fail, and learns."""

import signal
import threading

import numpy as np
import pytest
from edge_cases import People, adding, network, serving, until

from daybreak.base.errors import OlderVersion, UnhealthyBundle
from daybreak.edge.tuning import local
from daybreak.edge.tuning.feedback import from_device
from daybreak.edge.tuning.tuning import tune
from daybreak.edge.updating import update

pytestmark = pytest.mark.enable_socket

ROW = {"features": [0.0] * 12}
SUM = {"a": 1, "b": 2}


@pytest.fixture
def people(tmp_path):
    return People(tmp_path)


def test_an_update_is_tried_and_kept_under_load(people, tmp_path):
    first, second = network(people, 1), network(people, 2)
    device = people.device(tmp_path / "device")
    with serving(str(first), *people.words, "--state", str(device.folder), "--trial", "0.1") as running:
        until(lambda: device.state.floor == 1)
        statuses, stop = [], threading.Event()

        def ask():
            while not stop.is_set():
                statuses.append(running.predict(ROW)[0])

        asking = threading.Thread(target=ask)
        asking.start()
        update(device, second, people.access)
        until(lambda: device.state.floor == 2)
        stop.set()
        asking.join()
        assert running.version(ROW) == "2"
        assert set(statuses) == {200}
    with pytest.raises(OlderVersion, match=r"counter 1 .version 1., counter 2 was served here"):
        update(device, first, people.access)


def test_a_version_that_fails_on_trial_makes_room_for_the_one_before(people, tmp_path):
    device = people.device(tmp_path / "device")
    device.install(people.verified(adding(people, 1)))
    device.confirm(device.start().digest)
    with serving(*people.words, "--state", str(device.folder), "--trial", "600") as running:
        update(device, adding(people, 2, faulty=True), people.access)
        until(lambda: running.version(SUM) == "2")
        for _ in range(3):
            assert running.predict({"a": 5, "b": 2})[0] == 500
        until(lambda: running.version(SUM) == "1")
        assert "3 requests failed" in device.state.notices[-1].says
        assert device.state.floor == 1


def test_a_model_that_takes_its_process_down_is_not_installed(people, tmp_path):
    device, bundle = people.device(tmp_path / "device"), adding(people, 3)
    (people.place / "kill").touch()
    with pytest.raises(UnhealthyBundle, match=r"takes the runtime down .signal 9."):
        update(device, bundle, people.access)
    assert device.state.digests == set()


def test_a_power_failure_on_trial_brings_back_the_version_before(people, tmp_path):
    device, updates = people.device(tmp_path / "device"), tmp_path / "updates"
    updates.mkdir()
    words = [*people.words, "--state", str(device.folder), "--trial", "600"]
    device.install(people.verified(network(people, 1)))
    device.confirm(device.start().digest)
    network(people, 2).rename(updates / "new.dbk")
    with serving(*words, "--updates", str(updates), "--every", "0.2") as running:
        until(lambda: running.version(ROW) == "2")
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
    with serving(*words) as running:
        assert running.version(ROW) == "1"
        assert "never confirmed" in device.state.notices[-1].says


def test_what_is_in_memory_goes_on_when_the_folder_is_spoilt(people, tmp_path):
    device = people.device(tmp_path / "device")
    device.install(people.verified(network(people, 1)))
    device.confirm(device.start().digest)
    (device.folder / local.FILE).write_bytes(b"no tuned layer")
    with serving(*people.words, "--state", str(device.folder)) as running:
        assert "the tuned layer is dropped" in device.state.notices[-1].says
        (device.folder / "state.json").write_text("spoilt")
        assert running.said("is no state of a device")
        assert running.version(ROW) == "1"


def test_a_device_learns_from_those_who_use_it_and_forgets_when_told(people, tmp_path):
    device = people.device(tmp_path / "device")
    device.install(people.verified(network(people, 1)))
    device.confirm(device.start().digest)
    draws = np.random.default_rng(5)
    with serving(*people.words, "--state", str(device.folder), "--learn") as running:
        true, seen = _drifted(running, draws, 120)
        answered = running.predict(seen)[1]
        told = [
            {"id": one["id"], "truth": truth}
            for row, truth in zip(seen, true, strict=True)
            for one in [running.predict(row)[1]]
        ]
        assert running.predict(told, "/feedback")[0] == 202
        assert len(answered["predictions"]) == 120
        until(lambda: len(from_device(device.folder / "events")) == 120)
        report = tune(device, people.access.trusted(), people.access.unlock(), from_device(device.folder / "events"))
        assert report.rest
        true, seen = _drifted(running, draws, 250)
        before = _right(running, seen, true)
        until(lambda: _right(running, seen, true) > before + 0.1)
        local.drop(device)
        until(lambda: _right(running, seen, true) == before)


def _drifted(running, draws, rows):
    """What the model says of rows, and the same rows as a sensor gives them that has drifted since."""
    x = draws.normal(size=(rows, 12))
    return _labels(running, _rows(x)), _rows(0.6 * x + 0.7)


def _rows(x):
    return [{"features": row.tolist()} for row in x]


def _labels(running, rows):
    return [one["digit"]["label"] for one in running.predict(rows)[1]["predictions"]]


def _right(running, rows, true):
    return float(np.mean([label == truth for label, truth in zip(_labels(running, rows), true, strict=True)]))
