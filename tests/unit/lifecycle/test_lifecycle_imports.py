"""An experiment of another home: its rows stand as they came, its files are kept, nothing of it runs."""

import msgspec

from daybreak import lifecycle
from daybreak.lifecycle.commands import DeleteCheckpoint
from daybreak.lifecycle.events import AnyEvent
from daybreak.lifecycle.imports import renumbered
from daybreak.wire.rows import AttemptRow, CheckpointRow, ExperimentRow, NoticeRow, TrialRow

KINDS = {
    "experiments": ExperimentRow,
    "trials": TrialRow,
    "attempts": AttemptRow,
    "checkpoints": CheckpointRow,
    "notices": NoticeRow,
}


def finished(script):
    """All rows of a search that came to its end."""
    script.offer(2)
    script.submit()
    script.carry_out()
    rows = script.rows()
    return {name: [row for row in rows if isinstance(row, kind)] for name, kind in KINDS.items()}


def test_rows_come_back_as_they_were_under_the_new_number(script):
    rows = finished(script)
    event = renumbered(7, "origin", rows)
    other = lifecycle.new_state()
    lifecycle.step(other, 1.0, msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=AnyEvent))
    lifecycle.check(other)
    found = lifecycle.rows(other, lifecycle.take_touched(other))
    expected = [msgspec.structs.replace(row, experiment=7) for kind in KINDS for row in rows[kind]]
    assert found == expected


def test_its_status_is_that_of_its_rows(script):
    rows = finished(script)
    other = lifecycle.new_state()
    lifecycle.step(other, 1.0, renumbered(7, "origin", rows))
    status, was = lifecycle.status(other, 7, 2.0), rows["experiments"][0]
    assert (status.phase, status.state, status.best_trial, status.units) == (
        "imported",
        "done",
        was.best_trial,
        was.units,
    )


def test_a_second_one_of_that_number_is_refused(script):
    rows = finished(script)
    script.tell(renumbered(1, "origin", rows))
    assert "there is an experiment 1 already" in script.state.last_refusal


def test_files_that_it_needs_are_not_deleted(script):
    """Also when an experiment that was trained here lets go of the same bytes."""
    rows = finished(script)
    kept = {row.digest for row in rows["checkpoints"] if row.state == "saved"}
    other = type(script)()
    other.offer(1)
    other.submit(1)
    (key,) = other.state.attempts
    other.report(key)
    other.save(key, digest=next(iter(kept)))
    other.tell(renumbered(7, "origin", rows))
    other.save(key, units=2, digest="later")
    other.save(key, units=3, digest="latest")
    assert not [o for o in other.orders if isinstance(o, DeleteCheckpoint) and o.digest in kept]
