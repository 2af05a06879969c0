"""A writer is killed in the middle of its commits: what was acknowledged is there, and batches are whole."""

import os
import signal
import subprocess
import sys

import pytest

from daybreak.base.streams import Stream
from daybreak.ledger.check_points import unsound_points
from daybreak.ledger.opening import open_ledger
from daybreak.ledger.schema import REVISIONS, revision

# Commits batches of 1, 2, 3, ... events named after their batch, and says the number of each batch when it has been committed.
WRITER = """
import os, sys
from daybreak.base.ids import AttemptKey
from daybreak.ledger.opening import open_ledger
from daybreak.lifecycle.events import TimerDue
from daybreak.ports.ledger import PointBatch
from daybreak.testing.ledger_contract import trial_row
ledger = open_ledger(sys.argv[1])
batch = int(sys.argv[2])
while True:
    batch += 1
    events = [TimerDue(batch, "x" * 300) for _ in range(batch % 7 + 1)]
    seq = ledger.append(float(batch), events, [PointBatch(AttemptKey(1, 1, 1), {"loss": ([batch], [0.5]), "lr": ([batch], [0.1])})])
    os.write(1, b"%d\\n" % batch)
    ledger.project([trial_row(batch % 50 + 1)], seq)
"""


def killed_after(path, batches_before, acknowledgements):
    """Run the writer, kill it at its n-th acknowledgement; the last batch it acknowledged."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path, str(batches_before)], stdout=subprocess.PIPE)
    for _ in range(acknowledgements):
        assert writer.stdout.readline()
    os.kill(writer.pid, signal.SIGKILL)
    said = writer.stdout.read().split()
    writer.stdout.close()
    assert writer.wait() == -signal.SIGKILL
    return int(said[-1]) if said else batches_before + acknowledgements


@pytest.mark.parametrize("kills", [6, pytest.param(100, marks=[pytest.mark.soak, pytest.mark.timeout(1200)])])
def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path, kills):
    path, chance, batches = tmp_path / "ledger.db", Stream(7, "ledger", "kill"), 0
    for _ in range(kills):
        acknowledged = killed_after(path, batches, 1 + chance.below(60))
        ledger = open_ledger(path)
        entries = list(ledger.replay())
        found = entries[-1].event.experiment
        assert found in {acknowledged, acknowledged + 1}
        assert [entry.event.experiment for entry in entries] == [
            b for b in range(1, found + 1) for _ in range(b % 7 + 1)
        ]
        assert ledger.projected() <= len(entries)
        curves = {metric: steps for _, metric, steps, _ in ledger.reader().points(1)}
        assert curves == {"loss": list(range(1, found + 1)), "lr": list(range(1, found + 1))}
        connection = ledger._writer.connection()
        assert list(unsound_points(connection, None)) == []
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        ledger.close()
        batches = found


def test_a_writer_killed_while_it_makes_the_ledger_leaves_one_that_opens(tmp_path):
    """Whatever the moment: nothing, or all of it."""
    program = "import sys; from daybreak.ledger.opening import open_ledger; print(flush=True); open_ledger(sys.argv[1]); print(flush=True)"
    chance = Stream(7, "ledger", "made")
    for turn in range(4):
        path = tmp_path / str(turn) / "ledger.db"
        writer = subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE)
        writer.stdout.readline()
        for _ in range(chance.below(4) * 20_000):
            pass  # a few moments, of different length
        os.kill(writer.pid, signal.SIGKILL)
        writer.stdout.close()
        writer.wait()
        ledger = open_ledger(path)
        assert revision(ledger._writer.connection(), str(path)) == REVISIONS[-1]
        assert list(ledger.replay()) == []
        ledger.close()
