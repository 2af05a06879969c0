import json
import sys

import pyarrow as pa
import pytest
from pyarrow import parquet

from daybreak.base.errors import UsageError
from daybreak.executors.simulated.curves.noise import NoiseCurves, Shape
from daybreak.executors.simulated.curves.surrogate import SurrogateCurves
from daybreak.executors.simulated.curves.table import curves_of, read_table
from daybreak.spec.domains import Choice, Log, Uniform
from daybreak.spec.models import Experiment, Objective

SPEC = Experiment(
    name="curves",
    run="m:f",
    space={
        "lr": Log(low=1e-4, high=1.0),
        "kind": Choice(options=("a", "b")),
        "drop": Uniform(low=0, high=1, when="kind == 'b'"),
    },
    objectives=(Objective(metric="loss", direction="minimize"),),
)
TABLE = {
    "config": [0, 0, 1, 1, 1, 2],
    "unit": [1, 2, 1, 2, 3, 1],
    "loss": [0.9, 0.8, 0.7, 0.6, 0.5, 0.1],
    "seconds": [5.0, 5.0, 1.0, 2.0, 3.0, 4.0],
    "lr": [1e-3, 1e-3, 1e-1, 1e-1, 1e-1, 1e-3],
    "kind": ["a", "a", "a", "a", "a", "b"],
    "drop": [None, None, None, None, None, 0.5],
}


def test_a_point_is_replayed_from_the_nearest_configuration():
    curves = curves_of(TABLE, SPEC, 60.0, "table")
    assert curves.curve({"lr": 2e-3, "kind": "a"}, 0).metrics(2) == {"loss": 0.8}
    assert curves.curve({"lr": 5e-2, "kind": "a"}, 0).metrics(3) == {"loss": 0.5}
    assert curves.curve({"lr": 1e-3, "kind": "b", "drop": 0.4}, 0).metrics(1) == {"loss": 0.1}


def test_recorded_seconds_add_up_and_the_recording_ends_the_trial():
    curve = curves_of(TABLE, SPEC, 60.0, "table").curve({"lr": 1e-1, "kind": "a"}, 0)
    assert curve.length == 3
    assert [curve.elapsed(units) for units in range(5)] == [0, 1, 3, 6, 9]


def test_without_seconds_each_unit_takes_the_assumed_time():
    table = {name: column for name, column in TABLE.items() if name != "seconds"}
    assert curves_of(table, SPEC, 60.0, "table").curve({"lr": 1e-1, "kind": "a"}, 0).elapsed(2) == 120.0


def test_an_evaluation_before_training_is_no_unit():
    table = {"config": [0, 0], "epoch": [0, 1], "loss": [9.0, 1.0]}
    curve = curves_of(table, SPEC, 1.0, "table").curve({}, 3)
    assert (curve.length, curve.metrics(1)) == (1, {"loss": 1.0})


def test_without_hyperparameters_a_seed_keeps_its_configuration():
    table = {name: TABLE[name] for name in ("config", "unit", "loss")}
    curves = curves_of(table, SPEC, 1.0, "table")
    drawn = {curves.curve({"lr": 0.1}, seed).metrics(1)["loss"] for seed in range(30)}
    assert drawn == {0.9, 0.7, 0.1}
    assert curves.curve({"lr": 0.1}, 5).metrics(1) == curves.curve({"lr": 1e-4}, 5).metrics(1)


def test_csv_and_parquet_say_the_same(tmp_path):
    parquet.write_table(pa.table(TABLE), tmp_path / "t.parquet")
    names = list(TABLE)
    lines = [",".join("" if TABLE[n][i] is None else str(TABLE[n][i]) for n in names) for i in range(6)]
    (tmp_path / "t.csv").write_text("\n".join([",".join(names), *lines]))
    for point in ({"lr": 1e-3, "kind": "a"}, {"lr": 1e-3, "kind": "b", "drop": 0.9}):
        found = [read_table(tmp_path / name, SPEC, 1.0).curve(point, 0) for name in ("t.csv", "t.parquet")]
        assert found[0].metrics(1) == found[1].metrics(1)
        assert found[0].elapsed(1) == found[1].elapsed(1)


@pytest.mark.parametrize(
    ("missing", "named"), [("config", "'config' or 'trial'"), ("unit", "'unit'"), ("loss", "'loss'")]
)
def test_a_missing_column_is_named(missing, named):
    table = {name: column for name, column in TABLE.items() if name != missing}
    with pytest.raises(UsageError, match=named):
        curves_of(table, SPEC, 1.0, "t.csv")


def test_a_missing_file_and_an_empty_table_are_refused(tmp_path):
    with pytest.raises(UsageError, match="which is none"):
        read_table(tmp_path / "none.csv", SPEC, 1.0)
    (tmp_path / "empty.csv").write_text("config,unit,loss\n")
    with pytest.raises(UsageError, match="must have rows"):
        read_table(tmp_path / "empty.csv", SPEC, 1.0)


def test_made_up_curves_fall_towards_what_their_point_is_worth():
    curves = NoiseCurves(SPEC, Shape(noise=0.0), seed=3)
    curve = curves.curve({"lr": 0.01, "kind": "a"}, seed=1)
    losses = [curve.metrics(units)["loss"] for units in (1, 3, 9, 27)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] > curve.final


def test_made_up_noise_is_the_seeds_and_repeats():
    curves = NoiseCurves(SPEC, Shape(), seed=3)
    point = {"lr": 0.01, "kind": "b", "drop": 0.1}
    assert curves.curve(point, 1).metrics(5) == NoiseCurves(SPEC, Shape(), seed=3).curve(point, 1).metrics(5)
    assert curves.curve(point, 1).metrics(5) != curves.curve(point, 2).metrics(5)


def test_a_maximised_metric_is_one_minus_the_loss():
    spec = SPEC.model_copy(update={"objectives": (Objective(metric="acc"), *SPEC.objectives)})
    metrics = NoiseCurves(spec, Shape(noise=0.0), seed=3).curve({"lr": 0.01, "kind": "a"}, 1).metrics(3)
    assert metrics["acc"] == pytest.approx(1 - metrics["loss"])


def test_a_surrogate_says_what_it_lacks(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    accuracy = SPEC.model_copy(update={"objectives": (Objective(metric="val_accuracy"),)})
    with pytest.raises(UsageError, match="objectives of this surrogate"):
        SurrogateCurves(tmp_path, SPEC, "3945")
    with pytest.raises(UsageError, match=r"model\.onnx"):
        SurrogateCurves(tmp_path, accuracy, "3945")
    (tmp_path / "model.onnx").write_bytes(b"")
    (tmp_path / "config_space.json").write_text(json.dumps({"hyperparameters": []}))
    with pytest.raises(UsageError, match="onnxruntime"):
        SurrogateCurves(tmp_path, accuracy, "3945")
