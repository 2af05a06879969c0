"""Another point's checkpoint does not undo the hyperparameters of a clone or a fork; the same point's checkpoint changes nothing."""

import logging

import numpy as np
import pytest
import torch
from frozen import Trial
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch.optim import SGD, AdamW, lr_scheduler

from daybreak.train.codec import decode, encode
from daybreak.train.holders import holders
from daybreak.train.hyperparameters import Hyperparameters
from daybreak.train.states import ByPickle, by_pickle

UNITS, FORKED_AT = 6, 3
OLD, NEW = {"lr": 0.1, "decay": 0.5}, {"lr": 0.02, "decay": 0.125}

SCHEDULES = {
    "none": None,
    "exponential": lambda optimizer: lr_scheduler.ExponentialLR(optimizer, 0.5),
    "step": lambda optimizer: lr_scheduler.StepLR(optimizer, 2, 0.5),
    "cosine": lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, UNITS),
    "restarts": lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 2),
    "lambda": lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch)),
    "warm up": lambda optimizer: lr_scheduler.SequentialLR(
        optimizer, [lr_scheduler.LinearLR(optimizer, 0.25, 1, 2), lr_scheduler.ExponentialLR(optimizer, 0.5)], [2]
    ),
}


def gradient_descent(rates, schedule=None, by_hand=None, build=None):
    """A training function that notes each unit's learning rate in `rates`; `by_hand(optimizer)` is called after `run.keep`."""

    def main(run):
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 1)
        lr = run.params.get("lr", 0.1)
        optimizer = build(model, run) if build else SGD(model.parameters(), lr, 0.5, weight_decay=0.01)
        scheduler = SCHEDULES[schedule](optimizer) if schedule and SCHEDULES[schedule] else None
        run.keep(model=model, optimizer=optimizer, **({"scheduler": scheduler} if scheduler else {}))
        if by_hand:
            by_hand(optimizer)
        for _ in run.epochs():
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            (model(torch.eye(3)) - 1).square().mean().backward()
            optimizer.step()
            if scheduler:
                scheduler.step()

    return main


def forked(trial, then=OLD, here=NEW):
    """Trained to FORKED_AT at one point, from there to the end at another."""
    start = trial.attempt(FORKED_AT, "freeze", **then)
    return trial.attempt(UNITS, "finish", start, **here)


def test_a_learning_rate_of_another_point_is_taken_as_if_it_were_set_by_hand(tmp_path):
    def by_hand(optimizer):
        optimizer.param_groups[0]["lr"] = NEW["lr"]

    rates = []
    trial = Trial(gradient_descent(rates), tmp_path, UNITS)
    taken = forked(trial)
    assert rates == [OLD["lr"]] * FORKED_AT + [NEW["lr"]] * (UNITS - FORKED_AT)
    assert trial.said == [
        "hyperparameters of this trial's point in place of the checkpoint's: optimizer.lr 0.1 -> 0.02"
    ]
    set_by_hand = Trial(gradient_descent([], by_hand=by_hand), tmp_path, UNITS)
    start = Trial(gradient_descent([]), tmp_path, UNITS).attempt(FORKED_AT, "freeze", **OLD)
    assert set_by_hand.attempt(UNITS, "finish", start, **NEW).digest == taken.digest
    unchanged = trial.attempt(UNITS, "finish", start, **OLD)
    assert not torch.equal(trial.kept(taken)["model"]["weight"], trial.kept(unchanged)["model"]["weight"])


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_stays_where_it_is(tmp_path, schedule):
    whole, rates = [], []
    Trial(gradient_descent(whole, schedule), tmp_path, UNITS).attempt(UNITS, **NEW)
    forked(Trial(gradient_descent(rates, schedule), tmp_path, UNITS))
    assert rates[FORKED_AT:] == pytest.approx(whole[FORKED_AT:])
    assert rates[:FORKED_AT] != pytest.approx(whole[:FORKED_AT])


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_frozen_trials_end_with_the_same_file_clones_too(tmp_path, schedule):
    trial = Trial(gradient_descent([], schedule), tmp_path, UNITS)
    assert trial.train(1, 2, 4).digest == trial.train().digest
    start = trial.attempt(FORKED_AT, "freeze", **OLD)
    between = trial.attempt(FORKED_AT + 1, "freeze", start, **NEW)
    assert trial.attempt(UNITS, "finish", between, **NEW).digest == trial.attempt(UNITS, "finish", start, **NEW).digest
    trial.attempt(UNITS, "finish", between, **NEW)
    assert trial.said == []


def test_one_cycle_takes_its_bounds_from_the_point(tmp_path):
    def build(model, run):
        optimizer = SGD(model.parameters(), 0.1, 0.5)
        optimizer.cycle = lr_scheduler.OneCycleLR(optimizer, run.params.lr, total_steps=UNITS + 1)
        return optimizer

    def main(rates):
        def cycling(run):
            model = torch.nn.Linear(1, 1)
            optimizer = build(model, run)
            run.keep(optimizer=optimizer, cycle=optimizer.cycle)
            for _ in run.epochs():
                rates.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                optimizer.cycle.step()

        return cycling

    whole, rates = [], []
    Trial(main(whole), tmp_path, UNITS).attempt(UNITS, **NEW)
    forked(Trial(main(rates), tmp_path, UNITS))
    assert rates[FORKED_AT:] == pytest.approx(whole[FORKED_AT:])


def test_every_setting_of_every_group_of_parameters(tmp_path):
    groups = []

    def build(model, run):
        lr, decay = run.params.lr, run.params.decay
        both = [{"params": [model.weight], "weight_decay": decay}, {"params": [model.bias], "lr": lr / 2}]
        groups.append(AdamW(both, torch.tensor(lr), betas=(decay, 0.99)))
        return groups[-1]

    trial = Trial(gradient_descent([], build=build), tmp_path, UNITS)
    forked(trial)
    weight, bias = groups[-1].param_groups
    assert (weight["weight_decay"], weight["betas"]) == (NEW["decay"], (NEW["decay"], 0.99))
    assert torch.equal(weight["lr"], torch.tensor(NEW["lr"]))
    assert bias["lr"] == NEW["lr"] / 2
    (line,) = trial.said
    for told in (
        "optimizer.group 0.lr 0.1 -> 0.02",
        "optimizer.group 0.weight_decay 0.5 -> 0.125",
        "optimizer.group 1.lr 0.05 -> 0.01",
    ):
        assert told in line


def test_a_scheduler_that_is_built_after_the_optimizer_was_kept(tmp_path):
    def main(rates):
        def late(run):
            optimizer = SGD([torch.nn.Parameter(torch.ones(1))], run.params.lr)
            run.keep(optimizer=optimizer)
            scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
            run.keep(scheduler=scheduler)
            for _ in run.epochs():
                rates.append(
                    (optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["initial_lr"], *scheduler.base_lrs)
                )
                optimizer.step()
                scheduler.step()

        return late

    whole, rates = [], []
    Trial(main(whole), tmp_path, UNITS).attempt(UNITS, **NEW)
    forked(Trial(main(rates), tmp_path, UNITS))
    assert np.allclose(rates[FORKED_AT:], whole[FORKED_AT:], rtol=1e-12)


@pytest.mark.parametrize(
    "hold", [lambda it: it, lambda it: {"parts": [it]}, by_pickle], ids=["itself", "inside", "by pickle"]
)
def test_estimators(tmp_path, hold):
    made = []

    def main(run):
        model = SGDClassifier(alpha=run.params.decay, eta0=run.params.lr, learning_rate="constant", random_state=0)
        run.keep(model=hold(model))
        for _ in run.epochs():
            model.partial_fit(np.eye(4), [0, 1, 0, 1], classes=[0, 1])
        made.append(model)

    trial = Trial(main, tmp_path, UNITS)
    forked(trial)
    assert (made[-1].eta0, made[-1].alpha, made[-1].t_) == (NEW["lr"], NEW["decay"], 1 + 4 * UNITS)
    assert "eta0 0.1 -> 0.02" in trial.said[0]


def test_estimators_within_estimators_and_the_solver_of_a_perceptron(tmp_path):
    made = []

    def main(run):
        network = MLPClassifier(
            4, solver="sgd", learning_rate_init=run.params.lr, momentum=run.params.decay, random_state=0
        )
        model = make_pipeline(StandardScaler(), network)
        run.keep(model=model)
        for _ in run.epochs():
            network.partial_fit(np.eye(4), [0, 1, 0, 1], classes=[0, 1])
        made.append(model)

    forked(Trial(main, tmp_path, UNITS))
    network = made[-1][-1]
    assert (network.learning_rate_init, network.momentum) == (NEW["lr"], NEW["decay"])
    solver = network._optimizer
    assert (solver.learning_rate_init, solver.learning_rate, solver.momentum) == (NEW["lr"], NEW["lr"], NEW["decay"])


class Learner:
    """Of the user's own, with an optimizer inside."""

    def __init__(self, lr, weight):
        self.lr, self.weight = lr, weight
        self.optimizer = SGD([torch.nn.Parameter(torch.ones(1))], lr)


def test_objects_of_ones_own_take_what_nothing_has_changed_since(tmp_path):
    made = []

    def main(run):
        learner = Learner(run.params.lr, weight=run.params.decay)
        run.keep(learner=learner)
        for _ in run.epochs():
            learner.weight += learner.lr
        made.append(learner)

    forked(Trial(main, tmp_path, UNITS))
    assert made[-1].lr == made[-1].optimizer.param_groups[0]["lr"] == NEW["lr"]
    assert made[-1].weight == pytest.approx(OLD["decay"] + 3 * OLD["lr"] + 3 * NEW["lr"]), (
        "what is learnt is not begun anew"
    )


def test_other_code_at_the_same_point_is_told_and_not_taken(tmp_path):
    rates = []
    start = Trial(gradient_descent([]), tmp_path, UNITS).attempt(FORKED_AT, "freeze")
    other = Trial(gradient_descent(rates, build=lambda model, run: SGD(model.parameters(), 0.7, 0.5)), tmp_path, UNITS)
    other.attempt(UNITS, "finish", start)
    assert set(rates) == {0.1}
    assert "optimizer.lr=0.7" in other.said[0]
    assert "set it after run.keep" in other.said[0]


def test_code_that_builds_with_what_changes_in_each_attempt_resumes_to_the_bit(tmp_path):
    def build(model, run):
        return SGD(model.parameters(), 0.1 * 0.9**run.units, 0.5)

    trial = Trial(gradient_descent([], build=build), tmp_path, UNITS)
    whole, frozen = trial.kept(trial.train()), trial.kept(trial.train(2, 4))
    assert torch.equal(whole["model"]["weight"], frozen["model"]["weight"])


def test_a_checkpoint_of_an_older_version_loads_as_before(tmp_path):
    rates = []
    trial = Trial(gradient_descent(rates), tmp_path, UNITS)
    start = trial.attempt(FORKED_AT, "freeze", **OLD)
    tree = decode(bytearray(trial.vault.path(start.digest).read_bytes()))
    del tree["hyperparameters"]
    with trial.vault.incoming() as file:
        for chunk in encode(tree).chunks():
            file.write(chunk)
    trial.attempt(UNITS, "finish", type(start)(file.digest, FORKED_AT, file.size), **NEW)
    assert rates[FORKED_AT:] == [OLD["lr"]] * (UNITS - FORKED_AT)
    assert trial.said == []


def test_what_has_no_hyperparameters_leaves_checkpoints_as_they_were(tmp_path):
    def main(run):
        state = {"x": 0.0}
        run.keep(state=state, model=torch.nn.Linear(1, 1))
        for _ in run.epochs():
            state["x"] += 1

    trial = Trial(main, tmp_path, UNITS)
    tree = decode(bytearray(trial.vault.path(trial.attempt(UNITS, **NEW).digest).read_bytes()))
    assert list(tree) == ["units", "random", "last", "kept"]


def test_nan_is_like_itself_and_no_change():
    said = []
    before, after = Hyperparameters({"a": 1}, said.append), Hyperparameters({"a": 2}, said.append)
    before.note("model", SGDClassifier(eta0=float("nan")))
    model = SGDClassifier(eta0=float("nan"))
    after.load(before.state())
    after.note("model", model)
    after.bring("model", model)
    assert said == []


def test_an_optimizer_that_is_kept_at_two_places_is_moved_once():
    class Optimizer:
        def __init__(self, lr):
            self.param_groups = [{"params": [], "lr": lr}]

    class Learner:
        def __init__(self, lr):
            self.optimizer = Optimizer(lr)
            self.again = {"same": self.optimizer}

    told = []
    before, now = Hyperparameters({"lr": 0.1}, told.append), Hyperparameters({"lr": 0.2}, told.append)
    before.note("learner", ByPickle(Learner(0.1)))
    now.load(before.state())
    learner = Learner(0.2)
    now.note("learner", ByPickle(learner))
    learner.optimizer.param_groups[0]["lr"] = 0.05  # as the checkpoint had it: half way down its schedule

    now.bring("learner", ByPickle(learner))

    assert learner.optimizer.param_groups[0]["lr"] == pytest.approx(0.1)


@pytest.mark.parametrize("undone", [True, False])
def test_an_optimizer_that_is_kept_under_two_names_is_moved_once(undone):
    """Whether the second name's state puts the checkpoint's rate back, as load_state_dict does, or not."""
    told = []
    before, now = Hyperparameters({"lr": 0.1}, told.append), Hyperparameters({"lr": 0.2}, told.append)
    kept = torch.nn.Parameter(torch.zeros(1))
    optimizer = SGD([kept], 0.1)
    before.note("optimizer", optimizer)
    before.note("all", {"optimizer": optimizer})
    now.load(before.state())
    optimizer = SGD([kept], 0.2)
    for name, thing in (("optimizer", optimizer), ("all", {"optimizer": optimizer})):
        now.note(name, thing)
        if undone or name == "optimizer":
            optimizer.param_groups[0]["lr"] = 0.05  # half way down its schedule
        now.bring(name, thing)

    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)
    assert len(told) == 1
    assert told[0].endswith(": optimizer.lr 0.05 -> 0.1")


def test_a_schedule_stays_where_it_is_though_its_optimizer_is_kept_twice(tmp_path):
    rates = []

    def main(run):
        optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], run.params.lr)
        scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
        run.keep(optimizer=optimizer, again=optimizer, scheduler=scheduler)
        for _ in run.epochs():
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()

    forked(Trial(main, tmp_path, UNITS))
    assert rates[FORKED_AT:] == pytest.approx([NEW["lr"] * 0.5**unit for unit in range(FORKED_AT, UNITS)])


def test_loggers_are_no_part_of_what_is_kept():
    class Learner:
        def __init__(self, lr):
            self.lr = lr
            self.log = logging.getLogger("learner")

    assert [holder.place for holder in holders(Learner(0.1))] == [""]
