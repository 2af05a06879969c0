"""A replica counts what it answered, after it answered, and hands it to its supervisor as files."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from daybreak.monitoring import reference
from daybreak.serving.calls import Batch, Call
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.events import Prediction, Reader, Writer
from daybreak.serving.watch import parts
from daybreak.serving.watch.folding import Folding


@pytest.fixture
def package(tmp_path):
    x = np.random.default_rng(0).normal(size=1000)
    made = reference.make({"x": x}, {"high": np.column_stack([x <= 0, x > 0]).astype(float)})
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "reference.json").write_bytes(reference.to_json(made))
    return folder


class Replica:
    """An engine as far as an observer sees it."""

    def __init__(self, path, package, **watch):
        self.served = Served("champion", "digits", 3, str(package))
        self.engine = SimpleNamespace(
            folder=path / "shop",
            events=Writer(path / "shop" / "events", 1),
            observers=[],
            closers=[],
            deployment=Deployment("shop", (self.served,), watch=watch),
        )
        self.folding = Folding(self.engine, 1)
        self.folding.begin()

    def answer(self, *sizes, at=1000.0):
        """One batch of calls with so many rows each."""
        calls = []
        for number, rows in enumerate(sizes):
            call = Call(lambda _: None, rows=rows)
            call.id = f"champion.3.{at:.0f}-{number}"
            calls.append(call)
        rows = sum(sizes)
        x = np.linspace(-1, 1, rows)
        outputs = {"high": np.column_stack([x <= 0, x > 0]).astype(float)}
        batch = Batch(SimpleNamespace(served=self.served), tuple(calls), {"x": x}, outputs, rows, 0.001, at, 0.01)
        self.engine.observers[0].answered(batch)

    def close(self):
        """As a replica does that drains."""
        asyncio.run(self.engine.closers[0](1.0))
        self.engine.events.close()

    def parts(self):
        return [part for _, held in parts.waiting(self.engine.folder) for part in held]


def replica(path, package, **watch):
    async def made():
        return Replica(path, package, **watch)

    return asyncio.run(made())


def test_batches_become_one_part_when_the_replica_drains(tmp_path, package):
    one = replica(tmp_path, package)
    one.answer(1, 2, at=1000.0)
    one.answer(300, at=1002.0)
    one.close()
    (part,) = one.parts()
    assert (part.arm, part.model, part.version, part.package) == ("champion", "digits", 3, str(package))
    assert (part.window.rows, part.window.unread, part.since, part.until) == (303, 0, 1000.0, 1002.0)
    assert sum(part.window.tracks["output\thigh\t"].bins) == 303


def test_what_is_answered_while_it_drains_is_handed_on_too(tmp_path, package):
    one = replica(tmp_path, package)
    one.close()
    one.answer(5)
    assert [part.window.rows for part in one.parts()] == [5]


def test_rows_beyond_the_share_of_the_processor_are_skipped_and_told(tmp_path, package):
    one = replica(tmp_path, package, share=1e-9)
    one.answer(300)  # counted: costs more than the share
    one.answer(300)
    one.close()
    (part,) = one.parts()
    assert (part.window.rows, part.skipped) == (300, 300)


def test_answers_of_single_rows_are_remembered_as_many_as_asked_for(tmp_path, package):
    one = replica(tmp_path, package, truths=1.0)
    one.answer(1, 2, *[1] * 70, at=1000.0)
    one.close()
    events = list(Reader(one.engine.folder / "events").poll())
    assert all(isinstance(event, Prediction) for event in events)
    assert len(events) == 60, "a minute's worth"
    assert [(event.id, event.answer, event.score) for event in (events[0], events[1], events[-1])] == [
        ("champion.3.1000-0", "0", 1.0),
        ("champion.3.1000-2", "0", 1.0),
        ("champion.3.1000-60", "1", 1.0),
    ]


def test_the_answer_that_was_told_is_remembered_by_the_deployments_threshold(tmp_path, package):
    one = replica(tmp_path, package)
    one.served = Served("champion", "digits", 3, str(package), thresholds={"high": 0.0})
    one.answer(1)
    one.close()
    assert [event.answer for event in Reader(one.engine.folder / "events").poll()] == ["1"]


def test_a_model_without_a_reference_costs_nothing(tmp_path):
    one = replica(tmp_path, Path("/nowhere"))
    one.answer(1)
    one.close()
    assert one.parts() == []
    assert list(Reader(one.engine.folder / "events").poll()) == []


def test_a_reference_that_cannot_be_read_fails_no_request(tmp_path, package):
    (package / "reference.json").write_bytes(b"{}")
    one = replica(tmp_path, package)
    one.answer(1)
    one.close()
    assert one.parts() == []


def test_rows_that_cannot_be_counted_fail_no_request(tmp_path, package, monkeypatch):
    one = replica(tmp_path, package)
    one.answer(3)
    arm = one.folding._arms["champion"]
    with monkeypatch.context() as broken:
        broken.setattr(arm.window, "add", lambda *_: 1 / 0)
        one.answer(300)
    one.answer(2)
    one.close()
    assert [part.window.rows for part in one.parts()] == [2]


def test_heavy_rows_do_not_wait_for_company(tmp_path):
    pictures = np.empty(3, object)
    pictures[:] = [np.zeros((900, 900, 3), np.uint8)] * 3
    folder = tmp_path / "package"
    folder.mkdir()
    made = reference.make({"photo": pictures}, {})
    (folder / "reference.json").write_bytes(reference.to_json(made))
    one = replica(tmp_path, folder)
    batch = Batch(SimpleNamespace(served=one.served), (), {"photo": pictures}, {}, 3, 0.001, 1000.0, 0.0)
    one.engine.observers[0].answered(batch)
    arm = one.folding._arms["champion"]
    assert (arm.pending, arm.window.rows) == (0, 3)
