"""A device in a process of its own: it serves, takes updates without losing a request, and goes back from those that fail."""

import signal
import threading

import pytest
from edge_cases import People, adding, serving, until

from daybreak.base.errors import OlderVersion, UnhealthyBundle
from daybreak.edge.updating import update

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def people(tmp_path):
    return People(tmp_path)


def test_an_update_is_tried_and_kept_under_load(people, tmp_path):
    first, second = adding(people, 1), adding(people, 2)
    device = people.device(tmp_path / "device")
    with serving(str(first), *people.words, "--state", str(device.folder), "--trial", "0.2") as running:
        until(lambda: device.state.floor == 1)
        statuses, stop = [], threading.Event()

        def ask():
            while not stop.is_set():
                statuses.append(running.predict({"a": 1, "b": 2})[0])

        asking = threading.Thread(target=ask)
        asking.start()
        update(device, second, people.access)
        until(lambda: device.state.floor == 2)
        stop.set()
        asking.join()
        assert running.version() == "2"
        assert set(statuses) == {200}
    with pytest.raises(OlderVersion, match=r"counter 1 .version 1., counter 2 was served here"):
        update(device, first, people.access)


def test_a_version_that_fails_on_trial_makes_room_for_the_one_before(people, tmp_path):
    device = people.device(tmp_path / "device")
    with serving(str(adding(people, 1)), *people.words, "--state", str(device.folder), "--trial", "0.2") as running:
        until(lambda: device.state.floor == 1)
    with serving(*people.words, "--state", str(device.folder), "--trial", "600") as running:
        update(device, adding(people, 2, faulty=True), people.access)
        until(lambda: running.version() == "2")
        for _ in range(3):
            assert running.predict({"a": 5, "b": 2})[0] == 500
        until(lambda: running.version() == "1")
        assert "3 requests failed" in device.state.notices[-1].says
        assert device.state.floor == 1
        third = adding(people, 3)
        (people.place / "kill").touch()
        with pytest.raises(UnhealthyBundle, match=r"takes the runtime down .signal 9."):
            update(device, third, people.access)
        (people.place / "kill").unlink()
        assert running.version() == "1", "what was tried had a process of its own"


def test_a_power_failure_on_trial_brings_back_the_version_before(people, tmp_path):
    device, updates = people.device(tmp_path / "device"), tmp_path / "updates"
    updates.mkdir()
    words = [*people.words, "--state", str(device.folder), "--updates", str(updates), "--every", "0.2"]
    with serving(str(adding(people, 1)), *words, "--trial", "0.2"):
        until(lambda: device.state.floor == 1)
    adding(people, 2).rename(updates / "new.dbk")
    with serving(*words, "--trial", "600") as running:
        until(lambda: running.version() == "2")
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
    (updates / "new.dbk").unlink()
    with serving(*words, "--trial", "600") as running:
        assert running.version() == "1"
    assert "never confirmed" in device.state.notices[-1].says
