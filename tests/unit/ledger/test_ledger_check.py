"""`check` finds what is not as it must be; `rebuild` makes the read tables again. The core here is a small one of our own."""

import sqlite3
from types import SimpleNamespace

import pytest

from daybreak.base.errors import InvariantBroken, LedgerBusy, LedgerDamaged, LedgerError, LedgerTooNew
from daybreak.base.ids import AttemptKey
from daybreak.ledger.check import check
from daybreak.ledger.opening import open_ledger
from daybreak.ledger.rebuild import RebuildResult, rebuild
from daybreak.lifecycle.events import CheckpointDamaged, CheckpointSaved, Proposed, Submitted, TimerDue
from daybreak.ports.ledger import PointBatch
from daybreak.testing.ledger_contract import checkpoint_row, experiment_row, tick, trial_row


class SmallCore:
    """A trial for each proposed point, a row for each checkpoint, and the number of events in every experiment's `units`."""

    def new_state(self):
        return SimpleNamespace(units=0, trials=0, rows={}, touched=set())

    def step(self, state, at, event):
        state.units += 1
        match event:
            case Submitted():
                pass
            case Proposed(points=points):
                for _ in points:
                    state.trials += 1
                    self._put(state, ("trial", state.trials), trial_row(state.trials))
            case CheckpointSaved(attempt=attempt, digest=digest):
                self._put(state, ("checkpoint", digest), checkpoint_row(attempt.trial, digest))
            case TimerDue(name="impossible"):
                raise InvariantBroken("a slot has at most one attempt", (event,))
        self._put(state, "experiment", experiment_row(1, units=state.units))

    def _put(self, state, key, row):
        state.rows[key] = row
        state.touched.add(key)

    def take_touched(self, state):
        touched, state.touched = state.touched, set()
        return touched

    def rows(self, state, touched):
        return [state.rows[key] for key in touched]


CORE = SmallCore()
HISTORY = (
    [Submitted(1, {})],
    [Proposed(1, 1, ({"lr": 0.1}, {"lr": 0.2}), "density")],
    [CheckpointSaved(AttemptKey(1, 1, 1), 3, "ab" * 32, 9), tick(1)],
    [tick(2)],
)


@pytest.fixture
def path(tmp_path):
    """A sound ledger whose read tables stand one batch behind its log."""
    ledger, state = open_ledger(tmp_path / "ledger.db"), CORE.new_state()
    for at, batch in enumerate(HISTORY):
        upto = ledger.append(
            float(at), batch, [PointBatch(AttemptKey(1, trial, 1), {"loss": ([at], [0.5])}) for trial in (1, 2)]
        )
        for event in batch:
            CORE.step(state, float(at), event)
        if batch is not HISTORY[-1]:
            ledger.project(CORE.rows(state, CORE.take_touched(state)), upto)
    ledger.close()
    return tmp_path / "ledger.db"


def change(path, sql, *values):
    connection = sqlite3.connect(path)
    with connection:
        assert connection.execute(sql, values).rowcount
    connection.close()


def found(path):
    return [(one.kind, one.where, one.message) for one in check(path, CORE)]


def test_a_sound_ledger_has_no_findings(path):
    assert check(path, CORE) == []


def test_an_empty_ledger_is_sound(tmp_path):
    open_ledger(tmp_path / "ledger.db").close()
    assert check(tmp_path / "ledger.db", CORE) == []


def test_check_runs_beside_a_writer(path):
    ledger = open_ledger(path)
    assert check(path, CORE) == []
    ledger.append(9.0, [tick(9)])
    ledger.close()


def test_a_gap_in_the_log(path):
    change(path, "DELETE FROM log WHERE first_seq = 2")
    (finding,) = found(path)
    assert finding == ("log", "event 2", "the log has no gaps, but 3 follows: restore the ledger from a backup")


def test_a_record_that_cannot_be_decoded(path):
    change(path, "UPDATE log SET events = x'c1' WHERE first_seq = 3")
    ((kind, where, message),) = found(path)
    assert (kind, where) == ("log", "events 3..4")
    assert "cannot be decoded" in message


def test_a_record_of_a_newer_daybreak(path):
    change(path, "UPDATE log SET version = 99 WHERE first_seq = 5")
    ((kind, where, message),) = found(path)
    assert (kind, where) == ("log", "events 5..5")
    assert "pip install -U daybreak" in message


def test_a_record_with_an_event_too_few(path):
    change(path, "UPDATE log SET first_seq = 4 WHERE first_seq = 3")
    assert found(path)[0][:2] == ("log", "event 3")


def test_a_log_that_the_core_cannot_step(path):
    ledger = open_ledger(path)
    ledger.append(9.0, [TimerDue(1, "impossible")])
    ledger.close()
    ((kind, where, message),) = found(path)
    assert (kind, where) == ("log", "events 6..6")
    assert "a slot has at most one attempt" in message


def test_a_read_table_that_says_something_else(path):
    change(path, "UPDATE trials SET state = 'finished', units = 99 WHERE trial = 2")
    ((kind, where, message),) = found(path)
    assert (kind, where) == ("tables", "trials 1.2")
    assert message.startswith(
        "state is 'finished', the log says 'frozen'; units is 99, the log says 3: `daybreak ledger rebuild`"
    )


def test_rows_missing_and_rows_too_many(path):
    change(path, "DELETE FROM trials WHERE trial = 1")
    change(path, "UPDATE experiments SET experiment = 8")
    assert [(where, message.split(":")[0]) for _, where, message in found(path)] == [
        ("experiments 1", "is missing"),
        ("experiments 8", "should not be there"),
        ("trials 1.1", "is missing"),
    ]


def test_read_tables_ahead_of_the_log(path):
    change(path, "UPDATE watermark SET upto = 77")
    assert [one[:2] for one in found(path)] == [("tables", "event 77")]


def test_many_findings_are_counted_not_listed(path):
    ledger = open_ledger(path)
    ledger.project([trial_row(number) for number in range(100, 150)], 4)
    ledger.close()
    findings = found(path)
    assert len(findings) == 21
    assert findings[-1] == ("tables", str(path), "and 30 more like these")


def test_points_of_a_trial_that_is_not_there(path):
    ledger = open_ledger(path)
    ledger.append(9.0, [], [PointBatch(AttemptKey(1, 7, 1), {"loss": ([1], [0.5])})])
    ledger.close()
    ((kind, where, message),) = found(path)
    assert (kind, where) == ("points", "trial 1.7")
    assert "the log knows no such trial" in message


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("UPDATE points SET series = x'c1' WHERE trial = 1", "cannot be read"),
        ("UPDATE last_values SET value = 9 WHERE trial = 1", "last values are not the last"),
        ("DELETE FROM last_values WHERE trial = 1", "last values are not the last"),
        ("DELETE FROM points WHERE trial = 1", "last values are not the last"),
        ("DELETE FROM metrics", "metrics without a name"),
    ],
)
def test_points_that_contradict_themselves(path, sql, message):
    change(path, sql)
    kind, where, said = found(path)[0]
    assert (kind, where) == ("points", "trial 1.1")
    assert message in said


def test_a_checkpoint_kept_though_it_was_damaged(path):
    """Here the fault is the core's: it does not know CheckpointDamaged."""
    ledger = open_ledger(path)
    seq = ledger.append(9.0, [CheckpointDamaged(1, 1, "ab" * 32)])
    ledger.project([experiment_row(1, units=6)], seq)
    ledger.close()
    ((kind, where, message),) = found(path)
    assert (kind, where) == ("checkpoints", "1.1 abababababab")
    assert "its last event says it is damaged" in message


def test_a_damaged_file_is_a_finding(path):
    data = bytearray(path.read_bytes())
    page = 4096 * 6
    data[page : page + 400] = bytes(400)
    path.write_bytes(data)
    assert any(kind == "file" for kind, _, _ in found(path))


def test_what_is_no_ledger_cannot_be_checked(tmp_path, path):
    with pytest.raises(LedgerError, match="there is no ledger"):
        check(tmp_path / "nowhere.db", CORE)
    (tmp_path / "text.db").write_text("no database " * 100)
    with pytest.raises(LedgerDamaged):
        check(tmp_path / "text.db", CORE)
    change(path, "UPDATE daybreak_alembic_version SET version_num = '0999'")
    with pytest.raises(LedgerTooNew):
        check(path, CORE)


def test_rebuild_says_that_the_tables_were_the_same(path):
    assert rebuild(path, CORE) == RebuildResult(events=5, rows=4, equal=True, differing=0)
    assert rebuild(path, CORE) == RebuildResult(events=5, rows=4, equal=True, differing=0)
    assert check(path, CORE) == []


def test_rebuild_mends_read_tables(path):
    change(path, "UPDATE trials SET state = 'finished' WHERE trial = 2")
    change(path, "DELETE FROM checkpoints")
    change(path, "INSERT INTO notices VALUES (1, 1, 0.0, 'info', 'never said', NULL)")
    assert rebuild(path, CORE) == RebuildResult(events=5, rows=4, equal=False, differing=3)
    assert check(path, CORE) == []
    ledger = open_ledger(path)
    assert [row.state for row in ledger.reader().trials(1)] == ["frozen", "frozen"]
    assert ledger.projected() == 5
    ledger.close()


def test_rebuild_of_tables_never_written(path):
    for table in ("experiments", "trials", "checkpoints"):
        change(path, f"DELETE FROM {table}")
    change(path, "UPDATE watermark SET upto = 0")
    assert rebuild(path, CORE) == RebuildResult(events=5, rows=4, equal=True, differing=0)
    assert check(path, CORE) == []


def test_rebuild_waits_for_nobody(path):
    ledger = open_ledger(path)
    with pytest.raises(LedgerBusy):
        rebuild(path, CORE)
    ledger.close()


def test_rebuild_of_a_damaged_log_changes_nothing(path):
    change(path, "UPDATE log SET events = x'c1' WHERE first_seq = 5")
    with pytest.raises(LedgerDamaged):
        rebuild(path, CORE)
    ledger = open_ledger(path)
    assert len(ledger.reader().trials(1)) == 2
    ledger.close()
