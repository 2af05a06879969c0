"""Parts of a device's process: who is watched on trial, what is handed to the engine, what is kept of events."""

import asyncio
from types import SimpleNamespace

import pytest

from daybreak.base.errors import NotFound, UnhealthyBundle
from daybreak.edge.opening import Opened
from daybreak.edge.running.events import drop_oldest
from daybreak.edge.running.holding import Holding
from daybreak.edge.running.server import DeviceServer
from daybreak.edge.running.watching import Watching
from daybreak.edge.unsealing import unseal
from daybreak.edge.verifying import verify
from daybreak.edge.wrapping import DeviceKey
from daybreak.serving.problems import refuse
from daybreak.serving.refusals import Refusal
from daybreak.testing import packages as small


def call(package, refusal=None):
    arm = SimpleNamespace(served=SimpleNamespace(package=package))
    return SimpleNamespace(arm=arm, refusal=refusal, rows=1)


def test_three_failures_of_the_version_on_trial_end_it():
    watching = Watching()
    watching.begin("new")
    watching.answered(call("new"))
    for package, status in (("new", 400), ("new", 429), ("new", 503), ("old", 500), ("new", 500), ("new", 500)):
        watching.refused(call(package, Refusal(status, "code", f"said {status}")))
    for _ in range(5):
        watching.refused(call("new", refuse("deadline_exceeded", "the client would not wait longer")))
    assert (watching.answered_rows, watching.failing) == (1, "")
    watching.refused(call("new", refuse("model_failed", "no answer")))
    assert watching.failing == "3 requests failed, the last: no answer"
    watching.begin("newer")
    assert watching.failing == ""


def test_the_engine_gets_a_model_once_and_its_bytes_are_dropped(tmp_path, people):
    small.mlp(tmp_path / "mlp")
    verified = verify(packed(tmp_path, people), people.trusted)
    opened = Opened(verified, unseal(verified, DeviceKey(people.device)), tuned=False)
    holding = Holding()
    served = holding.take(opened, 1)
    model = holding.load(served, 1)
    assert model.read("examples.jsonl")
    with pytest.raises(NotFound):
        model.read("model.onnx")
    model.close()
    with pytest.raises(NotFound, match="no bundle is held"):
        holding.load(served, 1)


def packed(tmp_path, people):
    from daybreak.edge import packing

    recipients = packing.Recipients([people.device.public_key()])
    packing.pack(tmp_path / "mlp", tmp_path / "mlp.dbk", people.signer, recipients)
    return tmp_path / "mlp.dbk"


def test_a_bundle_that_answers_otherwise_is_not_handed_over(tmp_path, people):
    small.mlp(tmp_path / "mlp")
    verified = verify(packed(tmp_path, people), people.trusted)
    files = unseal(verified, DeviceKey(people.device))
    other = tmp_path / "other"
    small.mlp(other, version=2)
    files["model.onnx"] = (other / "model.onnx").read_bytes()
    holding = Holding()
    with pytest.raises(UnhealthyBundle, match="answers example 1 otherwise"):
        holding.load(holding.take(Opened(verified, files, tuned=False), 1), 1)


def test_the_oldest_events_make_room_and_the_newest_stay(tmp_path):
    for name in ("1.events", "2.events", "3.events"):
        (tmp_path / name).write_bytes(bytes(100))
    (tmp_path / "other").write_bytes(bytes(500))
    drop_oldest(tmp_path, 300)
    assert len(list(tmp_path.iterdir())) == 4
    drop_oldest(tmp_path, 250)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.events", "3.events", "other"]
    drop_oldest(tmp_path, 10)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3.events", "other"]


class Offering:
    """A source of which each look ends as it is told; the last stops the loop that asks."""

    def __init__(self, *ends):
        self.ends = iter(ends)

    def offered(self, state):
        raise next(self.ends)


class Enough(Exception):
    """Nothing more to offer."""


def test_a_disk_without_room_for_an_update_is_told_once_and_asked_again():
    said = []
    server = object.__new__(DeviceServer)
    server._say, server._complaint, server._device = said.append, "", SimpleNamespace(state=None)
    server._options = SimpleNamespace(every=0.0)
    full = OSError(28, "No space left on device")
    with pytest.raises(Enough):
        asyncio.run(server._ask(Offering(full, full, NotFound("nothing there"), Enough())))
    assert said == ["goes on as it is: an update could not be installed: [Errno 28] No space left on device"]
