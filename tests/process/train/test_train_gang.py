"""Two processes that train one trial together, with torch.distributed on CPUs."""

import socket
import textwrap

import pytest
from fake_agent import FakeAgent

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


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gang")
    (folder / "train.py").write_text(textwrap.dedent(CODE))
    with FakeAgent(folder) as agent:
        yield agent


def launch(agent, **fields):
    environment = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(fields.pop("port"))}
    return [
        agent.launch({}, {**environment, "RANK": str(rank)}, rank=rank, world_size=2, **fields) for rank in range(2)
    ]


@pytest.fixture
def port(socket_enabled):
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
