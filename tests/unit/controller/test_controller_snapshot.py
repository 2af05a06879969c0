import pytest
from controller_fakes import SPEC, FakeCore, FakeExecutor, FixedSampler, report

from daybreak.base.errors import LedgerError
from daybreak.controller import snapshot
from daybreak.controller.controller import Controller
from daybreak.controller.simulated import SimulatedReactor
from daybreak.controller.snapshot import SnapshotFile
from daybreak.ledger.memory import MemoryLedger
from daybreak.lifecycle.events import RungReported


class CountingLedger(MemoryLedger):
    """Counts the entries that were replayed."""

    def __init__(self):
        super().__init__()
        self.read = []

    def replay(self, after=0):
        for entry in super().replay(after):
            self.read.append(entry.seq)
            yield entry


@pytest.fixture
def path(tmp_path):
    return tmp_path / "snapshot"


@pytest.fixture
def ledger():
    return CountingLedger()


def begin(ledger, path, least=5):
    stories = []
    controller = Controller(
        ledger,
        [FakeExecutor()],
        SimulatedReactor(),
        FakeCore(),
        FixedSampler,
        lambda what, error: stories.append(error),
        inline_sampling=True,
        snapshots=SnapshotFile(path, least),
    )
    controller.start()
    controller.stories = stories
    return controller


def live(ledger, path, least=5):
    controller = begin(ledger, path, least)
    controller.submit(SPEC)
    for number in range(10):
        controller._loop.post(report(number))
    while controller.turn():
        pass
    controller.close(0)
    return controller


def test_a_second_start_replays_only_what_came_after(ledger, path):
    first = live(ledger, path)
    ledger.read.clear()
    second = begin(ledger, path)
    assert ledger.read == [ledger.appended - 1]  # looked at, to see that it is the same log
    known = first._brain.state.events
    assert second._brain.state.events[: len(known)] == known
    assert second.submit(SPEC) == 2


def test_what_came_after_a_snapshot_is_replayed(ledger, path):
    live(ledger, path)
    last = ledger.appended
    ledger.append(9.0, [report(99)])
    second = begin(ledger, path)
    assert second._brain.state.events[last][1] == report(99)


def replayed_everything(ledger, path):
    ledger.read.clear()
    controller = begin(ledger, path)
    assert sum(isinstance(event, RungReported) for _, event in controller._brain.state.events) == 10
    return set(range(1, 13)) <= set(ledger.read)


def test_little_news_is_not_worth_a_snapshot(ledger, path):
    live(ledger, path, least=1000)
    assert not path.exists()


def test_other_code_does_not_use_it(ledger, path, monkeypatch):
    live(ledger, path)
    monkeypatch.setattr(snapshot, "_code", lambda: b"another version, of 32 bytes....")
    assert replayed_everything(ledger, path)


def test_a_log_that_went_another_way_does_not_use_it(ledger, path):
    live(ledger, path)
    ledger._log[-1], ledger._log[-2] = ledger._log[-2], ledger._log[-1]
    assert replayed_everything(ledger, path)


@pytest.mark.parametrize("harm", ["cut", "garbage", "writable"])
def test_a_damaged_or_open_file_is_not_used(ledger, path, harm):
    live(ledger, path)
    whole = path.read_bytes()
    if harm == "cut":
        path.write_bytes(whole[:-10])
    elif harm == "garbage":
        path.write_bytes(whole[:32] + b"garbage")
    else:
        path.chmod(0o666)
    assert replayed_everything(ledger, path)


def test_it_is_written_for_its_owner_alone(ledger, path):
    live(ledger, path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_where_it_cannot_be_written_nothing_is_lost(ledger, path):
    controller = live(ledger, path.parent / "no such folder" / "snapshot")
    assert controller.stories == []


def test_rows_that_could_not_be_written_are_written_with_the_next(ledger, path):
    controller = begin(ledger, path)
    controller._core.rows = lambda state, touched: [touched]
    written = []
    ledger.project = lambda rows, upto: (_ for _ in ()).throw(LedgerError("full"))
    controller._loop.post(report())
    controller.turn()
    controller.flush()
    ledger.project = lambda rows, upto: written.extend(rows)
    controller._loop.post(report())
    controller.turn()
    controller.flush()
    assert written == [1, 1]
    assert [str(error) for error in controller.stories] == ["full"]


def test_rows_that_could_not_be_written_are_written_before_they_are_read(ledger, path):
    controller = begin(ledger, path)
    controller._core.rows = lambda state, touched: [touched]
    written = []
    ledger.project = lambda rows, upto: (_ for _ in ()).throw(LedgerError("full"))
    controller._loop.post(report())
    controller.turn()
    controller.flush()
    ledger.project = lambda rows, upto: written.extend(rows)
    controller.flush()
    assert written == [1]
