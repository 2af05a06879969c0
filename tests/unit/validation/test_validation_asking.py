"""One pass over the data feeds all folds and the sample; an audit that breaks has failed, alone."""

import numpy as np
import pytest
from audit_samples import opened

from daybreak.audit.outcome import NotApplicable, Outcome
from daybreak.audit.registry import Rule
from daybreak.base.errors import UsageError
from daybreak.validation import asking
from daybreak.validation.choosing import chosen


class Counting:
    """A fold that counts rows by side, and notes where its batches began."""

    def partial(self, side, start, batch):
        return [(side, start, batch.num_rows)]

    def merge(self, left, right):
        return left + right

    def finish(self, part):
        return Outcome("counting", "clean", measured={"batches": part})


class Breaking(Counting):
    def partial(self, side, start, batch):
        raise ZeroDivisionError("no luck")


def examine(frame):
    return Outcome(
        "looking", "clean", measured={"train": frame.train.rows.num_rows, "test": list(frame.test.positions)}
    )


def nothing(frame):
    raise NotApplicable("needs a time column")


AUDITS = {"counting": lambda *_: Counting(), "breaking": lambda *_: Breaking(), "looking": examine, "nothing": nothing}


@pytest.fixture
def ask(monkeypatch):
    monkeypatch.setattr(asking, "find", lambda rule: AUDITS[rule.name])
    data = opened({"x": [1, 2, 3, 4, 5], "y": [0, 1, 0, 1, 0]}, {"x": [6, 7, 8, 9], "y": [1, 1, 0, 0]})

    def ask(*names, **more):
        rules = [Rule(name, "fold" if name in {"counting", "breaking"} else "examination", "", "?") for name in names]
        frame, asked = asking.Asking(data, rules, None, **more).ask()
        return frame, {one.rule.name: one.outcome for one in asked}

    return ask


def test_folds_get_every_batch_of_train_and_then_of_test(ask):
    _, found = ask("counting")
    assert found["counting"].measured["batches"] == [("train", 0, 3), ("train", 3, 2), ("test", 0, 3), ("test", 3, 1)]


def test_examinations_get_the_sample_in_order_of_rows(ask):
    frame, found = ask("looking", most_rows=3)
    assert found["looking"].measured["train"] == 3
    assert len(found["looking"].measured["test"]) == 3
    assert (np.diff(found["looking"].measured["test"]) > 0).all()
    assert frame.about.rows == {"train": 5, "test": 4}
    assert (frame.train.total, frame.train.complete) == (5, False)


def test_what_breaks_has_failed_and_the_others_answer(ask):
    _, found = ask("breaking", "counting", "nothing")
    assert (found["breaking"].status, found["breaking"].why) == ("failed", "ZeroDivisionError: no luck")
    assert (found["nothing"].status, found["nothing"].why) == ("not_applicable", "needs a time column")
    assert found["counting"].status == "clean"


def test_the_sample_is_the_same_however_the_data_was_cut(monkeypatch):
    monkeypatch.setattr(asking, "find", lambda rule: examine)
    positions = []
    for batch in (1, 4, 100):
        data = opened({"x": list(range(100)), "y": [0, 1] * 50}, {"x": list(range(50)), "y": [0, 1] * 25})
        for side in data.sides.values():
            side.batch = batch
        frame, _ = asking.Asking(data, [Rule("looking", "examination", "", "?")], None, most_rows=20).ask()
        positions.append((tuple(frame.train.positions), tuple(frame.test.positions)))
        assert frame.train.rows.column("x").to_pylist() == list(frame.train.positions)
    assert len(set(positions)) == 1


def test_rules_are_named_whole_or_by_family():
    assert {rule.name for rule in chosen(("overlap.near",))} == {
        f"overlap.near.{kind}" for kind in ("table", "image", "text", "audio", "series")
    }
    assert not {"groups", "overlap.exact"} & {rule.name for rule in chosen(skip=("groups", "overlap"))}
    with pytest.raises(UsageError, match="target_lek is no rule of an audit: did you mean target_leak"):
        chosen(("target_lek",))
