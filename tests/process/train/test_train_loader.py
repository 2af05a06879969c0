"""A loader in a trial whose units end within epochs: frozen and killed there, resumed with other loader processes, the same bits."""

import pytest

pytest.importorskip("torch")

from fake_agent import FakeAgent
from interrupted import Trial, digest

CODE = '''
"""BatchNorm, dropout and augmentation; 12 batches an epoch, 5 of them a unit."""
import random
import torch
from torch import nn

import daybreak

class Data(torch.utils.data.Dataset):
    def __len__(self):
        return 93

    def __getitem__(self, row):
        x_F = torch.full((6,), row / 93) + random.gauss(0, 0.1)
        return x_F * torch.arange(6), row % 3

def shake(sample, generator):
    x_F, label = sample
    return x_F + 0.1 * torch.randn(6, generator=generator), label

def main(run):
    model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    loader = daybreak.loader(Data(), 8, run=run, workers=run.params.workers, transform=shake)
    run.keep(model=model, optimizer=optimizer)
    if not run.params.get("forgetful"):
        run.keep(loader=loader)
    batches = loader.endless()
    for _ in run.steps(8):
        for _ in range(5):
            x_BF, label_B = next(batches)
            loss = nn.functional.cross_entropy(model(x_BF), label_B)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        run.report(loss=loss)
'''


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    folder = tmp_path_factory.mktemp("code")
    (folder / "code_of_user.py").write_text(CODE)
    with FakeAgent(folder, "code_of_user:main", home=tmp_path_factory.mktemp("home")) as agent:
        yield agent


@pytest.fixture(scope="module")
def uninterrupted(agent):
    whole = Trial(agent, {"workers": 0}, 8)
    return digest(whole.kept(whole.train())), whole.reported


@pytest.mark.parametrize("workers", [1, 2])
def test_loader_processes_change_no_bit(agent, uninterrupted, workers):
    trial = Trial(agent, {"workers": workers}, 8)
    assert (digest(trial.kept(trial.train())), trial.reported) == uninterrupted


@pytest.mark.parametrize("unit", range(1, 8))
def test_being_killed_within_an_epoch_changes_no_bit(agent, uninterrupted, unit):
    """Batch 5, 10, 3 of the second epoch, ...: when one is killed, its worker processes have fetched ahead."""
    trial = Trial(agent, {"workers": unit % 3}, 8)
    killed = trial.train_and_be_killed(unit)
    trial.point = {"workers": (unit + 1) % 3}
    assert (digest(trial.kept(trial.train(start=killed))), trial.reported) == uninterrupted


def test_a_loader_that_was_not_kept_is_told(agent):
    """Going on without its position would train on the wrong samples and say nothing."""
    point = {"workers": 0, "forgetful": True}
    frozen = Trial(agent, point, 8).train(2, action="freeze")
    worker = agent.launch(point, target=8, horizon=8, checkpoint=frozen)
    assert "run.keep(loader=loader)" in worker.end().failure.message
    assert agent.reaped() == 1
