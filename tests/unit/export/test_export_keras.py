"""Keras by way of torch."""

from importlib.util import find_spec

import numpy as np
import pytest

pytest.importorskip("onnxscript")
pytest.importorskip("torch")

from daybreak.base.errors import DamagedFile
from daybreak.export.exporting import export
from daybreak.export.samples import Samples

pytestmark = [
    pytest.mark.skipif(find_spec("keras") is None, reason="Keras is not installed"),
    pytest.mark.xdist_group("export"),  # with the others that trace by torch
]


@pytest.fixture
def keras(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    import keras

    if keras.config.backend() != "torch":
        pytest.skip(f"this process has loaded Keras on {keras.config.backend()} already")
    return keras


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own, of model.save
def test_a_file_of_keras_answers_alike(keras, tmp_path):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    pictures = np.random.default_rng(0).random((40, 8, 8, 1)).astype(np.float32)
    model = keras.Sequential(
        [
            layers.Input((8, 8, 1), name="picture"),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.save(tmp_path / "model.keras")
    exported = export(tmp_path / "model.keras", Samples(pictures, classes=("a", "b", "c")), tmp_path / "package")
    assert exported.framework == "Keras"
    assert exported.parity.verdict == "passed", exported.parity.why
    assert [step.name for step in exported.after] == ["probabilities"], "they sum to one already"


def test_what_is_no_file_of_keras_is_told(keras, tmp_path):
    (tmp_path / "model.keras").write_bytes(b"junk")
    with pytest.raises(DamagedFile, match="no Keras model"):
        export(tmp_path / "model.keras", Samples(np.zeros((2, 2))), tmp_path / "package")
