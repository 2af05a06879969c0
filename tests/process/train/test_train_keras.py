"""Keras: a trial that was frozen and killed ends with the bits, and the metrics, of one that never was."""

from importlib.util import find_spec

import pytest
from fake_agent import FakeAgent
from interrupted import EXAMPLES, Trial, compile_once, digest

if find_spec("keras") is None:  # importing it here would need a back end of this process's own
    pytest.skip("Keras is not installed: pip install 'daybreak[keras]'", allow_module_level=True)

POINT = {"lr": 0.01, "width": 4, "dropout": 0.2, "batch": 64}
UNITS = 4
ORDINARY = '''
"""What Keras users have: arrays that fit shuffles, a plateau schedule, early stopping, mixed precision, unseeded noise."""
import keras
import numpy as np
from keras import layers

from daybreak.train.adapters.keras import DaybreakCallback

class Jitter(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        bias = self.model.layers[0].bias
        bias.assign(bias + keras.random.normal(bias.shape) * 0.01)

def main(run):
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    x_NF = np.linspace(-1, 1, 480, dtype="float32").reshape(120, 4)
    y_N = (x_NF ** 2).sum(1)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu"), layers.BatchNormalization(), layers.Dropout(0.3),
                              layers.GaussianNoise(0.1), layers.Dense(1, dtype="float32")])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9, use_ema=True), "mse")
    plateau = keras.callbacks.ReduceLROnPlateau("val_loss", patience=0, factor=0.7)
    early = keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True, baseline=1e-9)
    callback = DaybreakCallback(run, also=[plateau, early])
    model.fit(x_NF, y_N, batch_size=16, validation_data=(x_NF, y_N), epochs=9, initial_epoch=callback.initial_epoch,
              callbacks=[Jitter(), plateau, early, callback], verbose=0)
'''


@pytest.fixture(params=["torch", "jax"])
def backend(request, monkeypatch, tmp_path):
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed: pip install 'daybreak[{request.param}]'")
    monkeypatch.setenv("KERAS_BACKEND", request.param)
    compile_once(monkeypatch, tmp_path)
    return request.param


def test_the_example_frozen_and_killed_ends_with_the_same_bits(backend, tmp_path):
    with FakeAgent(EXAMPLES / "keras", "train:main", home=tmp_path, imported=True) as agent:
        assert agent.ready.how == "fork", agent.ready.why
        whole, trial = (Trial(agent, POINT, UNITS) for _ in range(2))
        end = whole.train()
        last = trial.train(start=trial.train_and_be_killed(2, trial.train(1, action="freeze")))
        assert digest(trial.kept(last)) == digest(whole.kept(end))
        assert trial.reported == whole.reported
        assert sorted(whole.reported["val_accuracy"]) == [1, 2, 3, 4]
        assert whole.kept(end)["keras"]["limits"] == []


@pytest.mark.parametrize("backend", ["torch"], indirect=True)  # JAX compiles longer than the test may take
def test_what_keras_users_have_ends_early_with_the_same_bits(backend, tmp_path):
    """Early stopping ends the trial after its third unit; whether it was frozen before that, or is begun again after, changes nothing."""
    (tmp_path / "ordinary.py").write_text(ORDINARY)
    with FakeAgent(tmp_path, "ordinary:main", imported=True) as agent:
        whole, trial = (Trial(agent, {}, 9) for _ in range(2))
        ended = whole.train_until_it_ends()
        again = trial.train_until_it_ends(trial.train(1, action="freeze"))
        assert ended.units == again.units == 3
        assert digest(trial.kept(again)) == digest(whole.kept(ended))
        assert trial.reported == whole.reported


@pytest.mark.parametrize("backend", ["torch"], indirect=True)
def test_a_clone_at_another_point_trains_with_its_own_learning_rate(backend, tmp_path):
    with FakeAgent(EXAMPLES / "keras", "train:main", home=tmp_path, imported=True) as agent:
        source, clone = Trial(agent, POINT, UNITS), Trial(agent, {**POINT, "lr": 0.002}, UNITS)
        start = source.train(1, action="freeze")
        end = clone.train(start=start)
        assert "keras.optimizer.learning_rate 0.01 -> 0.002" in agent.output()
        state = clone.kept(end)["keras"]
        rates = [
            one["array"]
            for path, one in zip(state["paths"], state["variables"], strict=True)
            if "learning_rate" in path
        ]
        assert rates == [pytest.approx(0.002)]
        again = clone.train(start=clone.train(2, start, action="freeze"))
        assert digest(clone.kept(again)) == digest(clone.kept(end))
