"""Two processes that train one trial together, with torch.distributed on CPUs."""

import socket
import textwrap

import pytest
from fake_agent import FakeAgent

from daybreak.train.reading import decode
from daybreak.vault.store import Vault
from daybreak.wire import worker as wire

pytest.importorskip("torch")

CODE = """
import os, time
import torch
import torch.distributed as dist

def main(run):
    dist.init_process_group("gloo")
    weight = torch.nn.Parameter(torch.zeros(1))
    run.keep(weight=weight)
    try:
        for epoch in run.epochs(10_000):
            gradient = torch.tensor([float(run.rank + 1)])
            dist.all_reduce(gradient)
            weight.data += gradient
            run.report(accuracy=weight, alone=run.rank)
    finally:
        dist.destroy_process_group()
"""


UNLIKE = """
import random
import torch
import torch.distributed as dist

def main(run):
    dist.init_process_group("gloo")
    noise = run.generator("torch", "noise", run.rank)
    weight = torch.zeros(3)
    run.keep(weight=weight)
    if run.rank and not run.units:
        random.random(), torch.rand(5)
    try:
        for epoch in run.epochs(6):
            drawn = torch.tensor([random.random(), float(torch.rand(())), float(torch.rand((), generator=noise))])
            dist.all_reduce(drawn)
            weight += drawn
            run.report(accuracy=weight.sum())
            if run.rank == run.world_size - 1 and epoch == run.params.last:
                run.stop()
    finally:
        dist.destroy_process_group()
"""


@pytest.fixture(scope="module")
def unlike(tmp_path_factory):
    """Members that draw different numbers, from Python's, torch's and a named generator."""
    folder = tmp_path_factory.mktemp("unlike")
    (folder / "train.py").write_text(textwrap.dedent(UNLIKE))
    with FakeAgent(folder, imported=True) as agent:
        yield agent


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gang")
    (folder / "train.py").write_text(textwrap.dedent(CODE))
    with FakeAgent(folder, imported=True) as agent:
        yield agent


def launch(agent, point=None, size=2, **fields):
    environment = {
        "WORLD_SIZE": str(size),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(fields.pop("port", None) or free_port()),
    }
    return [
        agent.launch(point or {}, {**environment, "RANK": str(rank)}, rank=rank, world_size=size, **fields)
        for rank in range(size)
    ]


@pytest.fixture
def port(socket_enabled):
    return free_port()


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_both_ask_and_one_saves(agent, port):
    first, second = launch(agent, port=port, target=4, checkpoint_every=0.0)
    reports = [worker.answer("freeze") for worker in (first, second)]
    assert [(report.number, report.units, report.metrics["accuracy"]) for report in reports] == [(1, 4, 12.0)] * 2
    assert [worker.end().reason for worker in (first, second)] == ["frozen", "frozen"]
    assert ([saved.units for saved in first.saved()], second.saved()) == ([4], [])
    assert second.points("accuracy") == []


def test_a_freeze_that_reaches_one_before_the_other_stops_both_at_the_same_unit(agent, port):
    first, second = launch(agent, port=port, checkpoint_every=0.0)
    first.next(wire.Points)
    second.send(wire.Freeze(30.0))
    ended = [worker.end() for worker in (first, second)]
    assert [one.reason for one in ended] == ["preempted", "preempted"]
    assert ended[0].units == ended[1].units == first.saved()[-1].units


def at(saved):
    return wire.CheckpointRef(saved.digest, saved.units, saved.size)


def test_each_member_goes_on_with_its_own_numbers(unlike, socket_enabled):
    """The last checkpoint, and the metrics on the way, are those of a gang that was never frozen."""
    point = {"last": 99}
    first, second = launch(unlike, point, target=6, checkpoint_every=0.0)
    [member.answer("finish") for member in (first, second)]
    assert [member.end().reason for member in (first, second)] == ["reached"] * 2
    whole = first.saved()[-1]
    first, second = launch(unlike, point, target=3, checkpoint_every=0.0)
    [member.answer("freeze") for member in (first, second)]
    [member.end() for member in (first, second)]
    frozen = at(first.saved()[-1])
    first, second = launch(unlike, point, target=6, checkpoint_every=0.0, checkpoint=frozen)
    [member.answer("finish") for member in (first, second)]
    [member.end() for member in (first, second)]
    assert first.saved()[-1].digest == whole.digest


def test_a_periodic_checkpoint_holds_all_members_states(unlike, socket_enabled):
    """By rank 0's clock; here it is due after each unit."""
    first, second = launch(unlike, {"last": 1}, checkpoint_every=1e-9)
    assert [member.end().reason for member in (first, second)] == ["completed"] * 2
    saved = first.saved()
    assert {one.units for one in saved} <= {1, 2}
    assert saved[-1].units == 2
    for one in saved:
        assert len(decode(Vault(unlike.vault).read(one.digest))["random"]["ranks"]) == 1
    assert second.saved() == []


def test_one_members_wish_to_stop_ends_all_with_a_last_checkpoint(unlike, socket_enabled):
    first, second = launch(unlike, {"last": 2}, target=3, checkpoint_every=0.0)
    ended = [member.end() for member in (first, second)]
    assert [(one.reason, one.units) for one in ended] == [("completed", 3)] * 2
    assert [saved.units for saved in first.saved()] == [3]


@pytest.mark.parametrize("size", [1, 3])
def test_a_gang_of_another_size_goes_on(unlike, socket_enabled, size):
    point = {"last": 99}
    first, second = launch(unlike, point, target=3, checkpoint_every=0.0)
    [member.answer("freeze") for member in (first, second)]
    [member.end() for member in (first, second)]
    members = launch(unlike, point, size, target=6, checkpoint_every=0.0, checkpoint=at(first.saved()[-1]))
    [member.answer("finish") for member in members]
    assert [member.end().reason for member in members] == ["reached"] * size
    random = decode(Vault(unlike.vault).read(members[0].saved()[-1].digest))["random"]
    assert len(random.get("ranks", [])) == size - 1
