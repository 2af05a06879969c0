"""What is read from the lines of an unedited script."""

import math

import pytest

from daybreak.executors.local.metrics import LONGEST_LINE, LineBuffer, MetricReader, improved, numbers_in


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"epoch": 3, "val": {"accuracy": 0.91}, "name": "x", "ok": true}', {"epoch": 3, "val.accuracy": 0.91}),
        ('{"loss": NaN, "other": -Infinity}', {"loss": math.nan, "other": -math.inf}),
        (
            "{'eval_loss': 0.5, 'eval_accuracy': '0.75', 'epoch': 1.0}",
            {"eval_loss": 0.5, "eval_accuracy": 0.75, "epoch": 1.0},
        ),
        ("epoch=3 loss=0.31 val_accuracy: 0.91", {"epoch": 3, "loss": 0.31, "val_accuracy": 0.91}),
        ("Epoch 3/27 - loss: 3.1e-2 - acc: 91.5%", {"epoch": 3, "loss": 0.031, "acc": 91.5}),
        ("Epoch [3/27], Step [100/600], Loss: -.5", {"epoch": 3, "step": 100, "Loss": -0.5}),
        ("train/loss=1. eval.acc=+2e3, f1-score=0.5.", {"train/loss": 1, "eval.acc": 2000, "f1-score": 0.5}),
        ("loss=nan acc=inf best=-Infinity", {"loss": math.nan, "acc": math.inf, "best": -math.inf}),
        ("time: 12:30:01 version=1.2.3 took=3.5s nancy=nancy id=7f3a", {}),
        ("nothing to see here", {}),
        ("", {}),
        ("{not json at=1}", {"at": 1}),
        ('{"huge": ' + "9" * 400 + "}", {}),
    ],
)
def test_numbers_of_a_line(line, expected):
    assert numbers_in(line) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Epoch 2:  45%|####5     | 45/100 [00:01<00:01, 40.1it/s, loss=0.5]", {"epoch": 2}),
        (
            "Epoch 2: 100%|##########| 100/100 [00:02<00:00, 49it/s, loss=0.4, acc=0.9]",
            {"epoch": 2, "loss": 0.4, "acc": 0.9},
        ),
        (" 45%|####5     | 45/100 [00:01<00:01, 40.1it/s, loss=0.5]epoch=3 acc=0.9", {"epoch": 3, "acc": 0.9}),
        ("100%|##########| 1/1 [00:01<00:00, loss=0.5]epoch=3 acc=0.9", {"epoch": 3, "acc": 0.9}),
        ("17it [00:03,  5.6it/s, loss=0.5]", {}),
    ],
)
def test_a_progress_bar_counts_only_when_it_is_done(line, expected):
    assert numbers_in(line) == pytest.approx(expected)


def test_of_a_rewritten_line_the_last_writing_is_read():
    buffer = LineBuffer()
    assert list(buffer.feed(b"\r10% acc=0.1\r50% acc=0.5")) == []
    assert list(buffer.feed(b"\racc=0.9\r\nloss=")) == ["acc=0.9"]
    assert list(buffer.feed(b"1\n\xff\xfe junk\n")) == ["loss=1", "\ufffd\ufffd junk"]
    assert buffer.end() == ""


def test_the_last_line_needs_no_end_and_a_line_without_end_takes_no_memory():
    buffer = LineBuffer()
    for _ in range(10):
        assert list(buffer.feed(b"x" * LONGEST_LINE)) == []
    assert len(buffer.end()) == LONGEST_LINE
    list(buffer.feed(b"acc=1"))
    assert buffer.end() == "acc=1"


def units(reader, *lines):
    return [seen.units if (seen := reader.read(line)) else None for line in lines]


def test_lines_that_tell_the_objective_are_units_when_nothing_else_counts():
    reader = MetricReader("acc")
    assert units(reader, "acc=0.1", "loss=3", "hello", "acc=0.2 loss=2") == [1, None, None, 2]


def test_the_epoch_of_an_objectives_line_is_the_unit_and_counts_before_its_step():
    reader = MetricReader("acc")
    assert units(reader, "step=100 loss=1", "epoch=2 step=200 acc=0.1", "epoch=5 step=500 acc=0.3") == [None, 2, 5]


def test_a_step_is_the_unit_where_there_is_no_epoch():
    assert units(MetricReader("acc"), '{"step": 10, "acc": 1}', '{"step": 20, "acc": 2}') == [10, 20]


def test_a_script_that_counts_from_zero_has_done_one_unit_then():
    reader = MetricReader("acc")
    assert units(reader, "epoch=0 acc=0.1", "epoch=1 acc=0.2") == [1, 2]
    assert reader.zero_based
    assert units(MetricReader("acc", zero_based=True), "epoch=4 acc=0.1") == [5]


def test_units_never_go_back_and_absurd_ones_are_ignored():
    reader = MetricReader("acc")
    assert (
        units(reader, "epoch=3 acc=1", "epoch=2 acc=1", "epoch=nan acc=1", "epoch=1e300 acc=1", "epoch=-4 acc=1")
        == [3] * 5
    )


def test_points_have_a_step_of_their_own_where_the_line_says_one():
    reader = MetricReader("acc")
    seen = [reader.read(line) for line in ("step=100 loss=1", "epoch=1 acc=1", "loss=2", "loss=3")]
    assert [one.step for one in seen] == [100, 1, 1, 2]
    assert seen[0].values == {"loss": 1}


def test_a_pattern_of_ones_own_names_groups():
    reader = MetricReader("acc", r"^>> (?P<epoch>\d+)\W+(?P<acc>\S+) (?P<word>\w+)?")
    assert units(reader, "epoch=1 acc=5", ">> 4: 0.5 good") == [None, 4]
    assert reader.read(">> 5: 0.75 x").values == {"acc": 0.75}


def test_a_pattern_may_name_the_metric_too():
    reader = MetricReader("acc", r"(?P<name>\w+) -> (?P<value>[\w.]+)")
    seen = reader.read("epoch -> 2, acc -> 0.5 and loss -> nothing")
    assert (seen.values, seen.units) == ({"acc": 0.5}, 2)


def test_a_broken_pattern_is_refused():
    with pytest.raises(ValueError, match="metrics"):
        MetricReader("acc", "(")


def test_the_metrics_pipe_is_json_whatever_the_pattern():
    reader = MetricReader("acc", "(?P<acc>x)")
    assert reader.read_json('{"step": 3, "acc": 0.5}').units == 3
    assert reader.read_json("[1, 2]") is None
    assert reader.read_json("acc=1") is None


def test_the_best_is_kept_in_each_objectives_direction_and_nan_is_never_better():
    directions = {"acc": "maximize", "loss": "minimize"}
    best = improved({}, {"acc": 0.5, "loss": 1.0, "other": 9.0}, directions)
    assert best == {"acc": 0.5, "loss": 1.0}
    assert improved(best, {"acc": math.nan, "loss": 0.5}, directions) == {"acc": 0.5, "loss": 0.5}
