"""A commit that fails has had no effect, says what to do, and the next one works once there is room."""

import resource

import pytest

from daybreak.base.errors import LedgerError
from daybreak.base.ids import AttemptKey
from daybreak.ledger.opening import open_ledger
from daybreak.lifecycle.events import Submitted
from daybreak.ports.ledger import PointBatch
from daybreak.testing.ledger_contract import FIRST, tick, trial_row

BIG = Submitted(1, {"text": "x" * 200_000})


@pytest.fixture
def ledger(tmp_path):
    ledger = open_ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


def room(ledger, pages):
    connection = ledger._writer.connection()
    used = connection.exec_driver_sql("PRAGMA page_count").scalar()
    connection.exec_driver_sql(f"PRAGMA max_page_count={used + pages}")
    connection.rollback()


def points(metric, step, epoch=1):
    return PointBatch(AttemptKey(1, 1, epoch), {metric: ([step], [float(step)])})


def test_a_full_disk_has_no_effect_and_says_what_to_do(ledger):
    ledger.append(1.0, [tick(1)], [points("loss", 1)])
    room(ledger, 2)
    for _ in range(2):
        with pytest.raises(
            LedgerError,
            match=r"could not write to the ledger .*ledger.db .*full.*free some, then run `daybreak resume`",
        ):
            ledger.append(2.0, [tick(2), BIG], [points("accuracy", 2), points("loss", 2)])
    reader = ledger.reader()
    assert [entry.event for entry in ledger.replay()] == [tick(1)]
    assert list(reader.points(1)) == [(1, "loss", [1], [1.0])]
    assert reader.latest() == {(1, 1): {"loss": (1, 1.0)}}


def test_after_room_was_made_the_next_commit_works(ledger):
    room(ledger, 2)
    with pytest.raises(LedgerError):
        ledger.append(1.0, [BIG], [points("lost", 1)])
    room(ledger, 10_000)
    assert ledger.append(2.0, [BIG], [points("loss", 1), points("accuracy", 1)]) == 1
    assert [name for _, name, _, _ in ledger.reader().points(1)] == ["accuracy", "loss"]


def test_read_tables_that_cannot_be_written_stay_as_they_were(ledger):
    ledger.project([trial_row(1)], 0)
    room(ledger, 2)
    with pytest.raises(LedgerError, match="full"):
        ledger.project([trial_row(1, state="running"), trial_row(2, why="x" * 200_000)], 7)
    assert [row.state for row in ledger.reader().trials(1)] == ["frozen"]
    assert ledger.projected() == 0
    connection = ledger._writer.connection()
    assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # the log is power-safe again


@pytest.mark.parametrize("series", [{"loss": ([1, 2], [0.5])}, {"loss": ([2**70], [0.5])}, {"loss": ([1], [object()])}])
def test_points_that_no_table_can_hold_are_refused_with_their_batch(ledger, series):
    with pytest.raises(LedgerError, match=r"those of 1\.1\.1 are not"):
        ledger.append(1.0, [tick(1)], [points("fine", 1), PointBatch(FIRST, series)])
    assert list(ledger.replay()) == []
    assert ledger.append(1.0, [tick(1)], [points("fine", 1)]) == 1


def break_commit(ledger, monkeypatch, after):
    """The next commit answers with an error, before or after it has been carried out; then the connection is gone."""
    from sqlalchemy.exc import OperationalError

    connection = ledger._writer.connection()
    commit = connection.commit

    def fails():
        if after:
            commit()
        raise OperationalError("COMMIT", None, ConnectionError("the line went dead"))

    monkeypatch.setattr(connection, "commit", fails)
    monkeypatch.setattr(connection, "rollback", fails)


@pytest.mark.parametrize("came_through", [False, True])
def test_a_commit_in_doubt_is_not_in_the_log_when_the_next_one_is(ledger, monkeypatch, came_through):
    ledger.append(1.0, [tick(1)], [points("loss", 1)])
    break_commit(ledger, monkeypatch, came_through)
    with pytest.raises(LedgerError, match="the line went dead"):
        ledger.append(2.0, [tick(2)], [points("accuracy", 2)])
    assert ledger.append(3.0, [tick(3)], [points("loss", 3)]) == 2
    assert [entry.event for entry in ledger.replay()] == [tick(1), tick(3)]
    assert list(ledger.reader().points(1)) == [(1, "loss", [1, 3], [1.0, 3.0])]
    assert ledger.reader().latest() == {(1, 1): {"loss": (3, 3.0)}}


@pytest.fixture
def small_files(ledger):
    """No file of this process may grow: the disk refuses while the transaction is being committed, not before."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = ledger.place.path.with_name("ledger.db-wal")

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 100, hard))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_refuses_the_commit_itself_leaves_nothing_behind(ledger, small_files, tmp_path):
    ledger.append(1.0, [tick(1)], [points("loss", 1)])
    soft = resource.getrlimit(resource.RLIMIT_FSIZE)
    small_files()
    for _ in range(3):
        with pytest.raises(LedgerError, match="run `daybreak resume`"):
            ledger.append(2.0, [tick(2)], [points("accuracy", 2)])
    assert [entry.event for entry in ledger.replay()] == [tick(1)]
    resource.setrlimit(resource.RLIMIT_FSIZE, soft)
    assert ledger.append(3.0, [tick(3)], [points("loss", 3)]) == 2
    ledger.close()
    ledger = open_ledger(tmp_path / "ledger.db")
    assert [entry.event for entry in ledger.replay()] == [tick(1), tick(3)]
    assert list(ledger.reader().points(1)) == [(1, "loss", [1, 3], [1.0, 3.0])]
    ledger.close()
