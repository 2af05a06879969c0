"""Lightning: a trial that was frozen and killed ends with the bits, and the metrics, of one that never was."""

import pytest

pytest.importorskip("lightning", reason="Lightning is not installed: pip install 'daybreak[lightning]'")

from fake_agent import FakeAgent
from interrupted import EXAMPLES, Trial, digest

POINT = {"lr": 0.01, "width": 8, "dropout": 0.2, "weight_decay": 0.01, "batch": 64, "noise": 0.05}
UNITS = 5
ORDINARY = '''
"""What Lightning users have: a shuffling DataLoader, metrics logged in every place, schedules of both kinds, early stopping."""
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping
from torch.utils.data import DataLoader, TensorDataset

import daybreak
from daybreak.train.adapters.lightning import DaybreakCallback

class Network(LightningModule):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1))

    def training_step(self, batch, _):
        x_BF, y_B1 = batch
        loss = torch.nn.functional.mse_loss(self.layers(x_BF + 0.1 * torch.randn_like(x_BF)), y_B1)
        self.log("loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch, _):
        self.log("validation", torch.nn.functional.mse_loss(self.layers(batch[0]), batch[1]))

    def on_train_epoch_end(self):
        self.log("norm", sum(parameter.norm() for parameter in self.parameters()))

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=0.05)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5, mode="max")
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau, "monitor": "validation"}}

def main(run):
    x_NF = torch.linspace(-1, 1, 120).reshape(30, 4)
    data = TensorDataset(x_NF, x_NF.sum(1, keepdim=True) ** 2)
    callback = DaybreakCallback(run, every_n_steps=run.params.get("every"))
    trainer = Trainer(
        max_epochs=-1 if run.params.get("every") else 9, callbacks=[callback, EarlyStopping("validation", patience=30)],
        accelerator="cpu", devices=1, logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        accumulate_grad_batches=2, log_every_n_steps=1, precision=run.params.precision,
    )
    if run.params.get("every"):
        loader = daybreak.loader(data, 4, run=run)
    else:
        loader = DataLoader(data, 4, shuffle=True)
    trainer.fit(Network(), loader, DataLoader(data, 30), ckpt_path=callback.ckpt_path)
'''


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    with FakeAgent(EXAMPLES / "lightning", "train:main", home=tmp_path_factory.mktemp("home"), imported=True) as agent:
        yield agent


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("code")
    (folder / "ordinary.py").write_text(ORDINARY)
    with FakeAgent(folder, "ordinary:main", home=tmp_path_factory.mktemp("home"), imported=True) as agent:
        yield agent


def interrupted_twice(agent, point, units):
    """Frozen, then killed, then trained to the end."""
    trial = Trial(agent, point, units)
    frozen = trial.train(1, action="freeze")
    killed = trial.train_and_be_killed(3, frozen)
    return trial, trial.train(start=killed)


def test_the_example_frozen_and_killed_ends_with_the_same_bits(example):
    whole = Trial(example, POINT, UNITS)
    end = whole.train()
    trial, last = interrupted_twice(example, POINT, UNITS)
    assert digest(trial.kept(last)) == digest(
        whole.kept(end)
    )  # weights, optimiser, schedule and all that Lightning counts
    assert trial.reported == whole.reported
    assert sorted(whole.reported["accuracy"]) == [1, 2, 3, 4, 5]
    assert whole.reported["accuracy"][5] > 0.85


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_what_lightning_users_have_ends_with_the_same_bits(ordinary, precision):
    whole = Trial(ordinary, {"precision": precision}, UNITS)
    end = whole.train()
    trial, last = interrupted_twice(ordinary, {"precision": precision}, UNITS)
    assert digest(trial.kept(last)) == digest(whole.kept(end))
    assert trial.reported == whole.reported
    assert set(whole.reported) >= {"loss", "validation", "norm"}
    assert whole.kept(end)["lightning"]["limits"] == []


def test_units_of_some_steps_end_within_an_epoch_and_say_what_that_costs(ordinary):
    """Four steps an epoch, three a unit: every kind of place in an epoch is one where a unit ends."""
    point = {"every": 3, "precision": "32-true"}
    whole = Trial(ordinary, point, 7)
    end = whole.train()
    expected = whole.kept(end)["lightning"]["trainer"]
    for killed_at in range(1, 7):
        trial = Trial(ordinary, point, 7)
        last = trial.train(start=trial.train_and_be_killed(killed_at))
        state = trial.kept(last)["lightning"]["trainer"]
        assert state["global_step"] == expected["global_step"] == 21
        for part in ("state_dict", "optimizer_states", "lr_schedulers"):
            assert digest(state[part]) == digest(expected[part]), (killed_at, part)
    assert any("means" in limit for limit in whole.kept(end)["lightning"]["limits"])


def test_a_clone_at_another_point_trains_with_its_own_learning_rate(example):
    other = {**POINT, "lr": 0.002, "weight_decay": 0.5}
    source, whole, clone = Trial(example, POINT, UNITS), Trial(example, other, UNITS), Trial(example, other, UNITS)
    start = source.train(2, action="freeze")
    end = clone.train(start=start)
    assert "lightning.optimizers.0.weight_decay 0.01 -> 0.5" in example.output()
    ours, theirs = (
        trial.kept(ref)["lightning"]["trainer"]["optimizer_states"][0]["param_groups"][0]
        for trial, ref in [(clone, end), (whole, whole.train())]
    )
    assert ours["weight_decay"] == 0.5
    assert ours["lr"] == pytest.approx(theirs["lr"]), "where the schedule stands at this unit"
    again = clone.train(start=clone.train(3, start, action="freeze"))
    assert digest(clone.kept(again)) == digest(clone.kept(end))
