"""A log written years ago is read in today's words."""

import msgspec
import pytest

from daybreak.base.errors import LedgerDamaged, LedgerTooNew
from daybreak.ledger import upcast
from daybreak.lifecycle.events import LOG_VERSION, Asked, TimerDue

NOW = 3
UPCASTS = {
    1: lambda event: {**event, "event": "timer_due"} if event["event"] == "alarm" else event,
    2: lambda event: {key.replace("label", "name"): value for key, value in event.items()},
}


def old(*events):
    return msgspec.msgpack.encode(list(events))


def test_today_is_read_as_it_is():
    events = [TimerDue(1, "wall"), Asked(1, "pause", by="ada")]
    assert upcast.read(upcast.write(events), LOG_VERSION) == events


def test_each_step_brings_an_event_one_version_further():
    first = old(
        {"event": "alarm", "experiment": 1, "label": "wall"}, {"event": "asked", "experiment": 1, "ask": "pause"}
    )
    assert upcast.read(first, 1, upcasts=UPCASTS, today=NOW) == [TimerDue(1, "wall"), Asked(1, "pause")]
    second = old({"event": "timer_due", "experiment": 1, "label": "wall"})
    assert upcast.read(second, 2, upcasts=UPCASTS, today=NOW) == [TimerDue(1, "wall")]


def test_every_version_so_far_has_its_step():
    assert sorted(upcast.UPCASTS) == list(range(1, LOG_VERSION))


def test_a_later_version_asks_for_a_newer_daybreak():
    with pytest.raises(LedgerTooNew, match=r"version 99.*pip install -U daybreak"):
        upcast.read(old({"event": "dreamt"}), 99)


@pytest.mark.parametrize(
    "data", [b"", b"\xc1", old({"event": "never heard of"}), old({"event": "timer_due", "experiment": "x"})]
)
def test_what_cannot_be_decoded_is_damage(data):
    with pytest.raises(LedgerDamaged, match="cannot be decoded"):
        upcast.read(data, LOG_VERSION)


def test_a_version_without_a_step_is_damage():
    with pytest.raises(LedgerDamaged, match="log version 0"):
        upcast.read(old({"event": "timer_due", "experiment": 1, "name": "wall"}), 0)


def test_damage_in_an_old_record_is_damage_too():
    with pytest.raises(LedgerDamaged, match="cannot be decoded"):
        upcast.read(old({"event": "timer_due"}), 2, upcasts=UPCASTS, today=NOW)
