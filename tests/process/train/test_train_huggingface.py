"""Hugging Face's Trainer: a trial that was frozen and killed ends with the bits, and the metrics, of one that never was."""

import pytest

pytest.importorskip("transformers", reason="transformers is not installed: pip install 'daybreak[huggingface]'")
pytest.importorskip("accelerate", reason="accelerate is not installed: pip install 'daybreak[huggingface]'")

from fake_agent import FakeAgent
from interrupted import EXAMPLES, Trial, digest

POINT = {"lr": 1e-3, "width": 16, "dropout": 0.1, "weight_decay": 0.01, "batch": 64}
ORDINARY = '''
"""A dataset and a collator that draw for training, accumulated gradients, early stopping."""
import random
import torch
from transformers import EarlyStoppingCallback, PretrainedConfig, PreTrainedModel, PrinterCallback, Trainer, TrainingArguments
from transformers.trainer_callback import ExportableState

from daybreak.train.adapters.huggingface import DaybreakCallback

class Network(PreTrainedModel):
    config_class = PretrainedConfig

    def __init__(self, config):
        super().__init__(config)
        self.layers = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1))
        self.post_init()

    def forward(self, x, labels):
        y = self.layers(x)
        return {"loss": torch.nn.functional.mse_loss(y, labels), "y": y}

class Data(torch.utils.data.Dataset):
    x_NF = torch.linspace(-1, 1, 120).reshape(30, 4)

    def __init__(self, noise):
        self.noise = noise

    def __len__(self):
        return 30

    def __getitem__(self, row):
        x_F = self.x_NF[row]
        return {"x": x_F + (random.gauss(0, self.noise) if self.noise else 0), "labels": x_F.sum(0, keepdim=True) ** 2}

def collate(samples):
    batch = torch.utils.data.default_collate(samples)
    return {**batch, "x": batch["x"] * (1 + 0.05 * torch.randn(()))} if len(samples) <= 4 else batch

def main(run):
    p = run.params
    arguments = TrainingArguments(
        output_dir=str(run.scratch / "trainer"), num_train_epochs=6, per_device_train_batch_size=4,
        per_device_eval_batch_size=30, learning_rate=0.05,
        gradient_accumulation_steps=2, lr_scheduler_type="cosine", seed=run.seed, logging_steps=1, eval_strategy="epoch",
        save_strategy="no", report_to="none", disable_tqdm=True, use_cpu=True, metric_for_best_model="loss",
        dataloader_num_workers=p.workers, remove_unused_columns=False,
    )
    callback = DaybreakCallback(run, every_n_steps=p.get("every"), ordered=p.ordered)
    trainer = Trainer(
        Network(PretrainedConfig()), arguments, train_dataset=Data(0.05), eval_dataset=Data(0), data_collator=collate,
        callbacks=[callback, EarlyStoppingCallback(early_stopping_patience=40)],
    )
    trainer.remove_callback(PrinterCallback)
    callback.train(trainer)
'''


@pytest.fixture(scope="module", autouse=True)
def offline():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("DAYBREAK_SST2", "/nowhere")  # sentences are made up
        yield


@pytest.fixture(scope="module")
def example(tmp_path_factory, offline):
    with FakeAgent(
        EXAMPLES / "huggingface", "train:main", home=tmp_path_factory.mktemp("home"), imported=True
    ) as agent:
        yield agent


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory, offline):
    folder = tmp_path_factory.mktemp("code")
    (folder / "ordinary.py").write_text(ORDINARY)
    with FakeAgent(folder, "ordinary:main", home=tmp_path_factory.mktemp("home")) as agent:
        yield agent


def test_the_example_frozen_and_killed_ends_with_the_same_bits(example):
    whole, trial = Trial(example, POINT, 4), Trial(example, POINT, 4)
    end = whole.train()
    last = trial.train(start=trial.train_and_be_killed(3, trial.train(1, action="freeze")))
    assert digest(trial.kept(last)) == digest(
        whole.kept(end)
    )  # weights, optimiser, schedule and all that the Trainer counts
    assert trial.reported == whole.reported
    assert sorted(whole.reported["eval_accuracy"]) == [1, 2, 3, 4]
    assert whole.kept(end)["huggingface"]["limits"] == []


def test_the_trainers_own_order_resumes_between_epochs(ordinary):
    point = {"ordered": False, "workers": 0}
    whole, trial = Trial(ordinary, point, 4), Trial(ordinary, point, 4)
    end = whole.train()
    last = trial.train(start=trial.train_and_be_killed(2))
    assert digest(trial.kept(last)) == digest(whole.kept(end))
    assert trial.reported == whole.reported
    assert whole.kept(end)["huggingface"]["callbacks"]["EarlyStoppingCallback"]["early_stopping_patience_counter"] >= 0


def test_in_our_order_a_trial_resumes_within_epochs_with_any_number_of_loader_processes(ordinary):
    """Four steps an epoch, three a unit: every kind of place in an epoch is one where a unit ends."""
    point = {"ordered": True, "every": 3, "workers": 0}
    whole = Trial(ordinary, point, 6)
    end = whole.train()
    for killed_at in range(1, 6):
        trial = Trial(ordinary, {**point, "workers": killed_at % 2}, 6)
        last = trial.train(start=trial.train_and_be_killed(killed_at))
        assert digest(trial.kept(last)) == digest(whole.kept(end)), killed_at
        assert trial.reported == whole.reported


def test_a_clone_at_another_point_trains_with_its_own_learning_rate(example):
    other = {**POINT, "lr": 1e-4, "weight_decay": 0.5}
    source, whole, clone = Trial(example, POINT, 3), Trial(example, other, 3), Trial(example, other, 3)
    start = source.train(1, action="freeze")
    end = clone.train(start=start)
    assert "weight_decay 0.01 -> 0.5" in example.output()
    ours, theirs = (
        trial.kept(ref)["huggingface"]["optimizer"]["param_groups"]
        for trial, ref in [(clone, end), (whole, whole.train())]
    )
    for group, alike in zip(ours, theirs, strict=True):
        assert group["weight_decay"] == alike["weight_decay"]
        assert group["lr"] == pytest.approx(alike["lr"], abs=1e-12)
    again = clone.train(start=clone.train(2, start, action="freeze"))
    assert digest(clone.kept(again)) == digest(clone.kept(end))
