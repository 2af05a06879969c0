"""Disks that fill up, vaults that cannot be written, checkpoints that rot: noticed, told in words that say what to do, survived.

Each search is the same one. Its trials end with weights that depend on every unit and on the global random state, so that whoever
goes on from a wrong place, or loses something, does not come to the digests of the search that nothing happened to.
"""

import itertools
import os
import subprocess
import time

import psutil
import pytest

from daybreak.base.home import Home
from daybreak.client.client import OVER, Client
from daybreak.client.experiment import Experiment
from daybreak.vault.store import Vault

UNITS = 8
SLOW = 0.15  # seconds of a unit, where something is to happen in the middle of a trial

LEARNER = """
import errno, os, time
from pathlib import Path

import numpy as np

# While the file FULL is there, writing to the vault fails as on a full disk.
FULL, written = Path(os.environ["FULL"]), os.write


def write(handle, data):
    if FULL.exists() and "/vault/" in os.readlink(f"/proc/self/fd/{handle}"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return written(handle, data)


os.write = write


def main(run):
    kept = {"weights": np.zeros(16_000)}  # 128 kB
    run.keep(**kept)
    for unit in run.epochs():
        time.sleep(float(os.environ["SLOW"]))
        kept["weights"] += run.params.x * np.random.standard_normal(16_000)
        run.report(value=float(kept["weights"].sum()))
"""


class Search:
    """The search in a home of its own."""

    def __init__(self, folder, *, slow=0.0):
        self.folder, self.home = folder, Home(folder / "home")
        folder.mkdir(exist_ok=True)
        (folder / "learner.py").write_text(LEARNER)
        self.full = folder / "full"
        self.vault = Vault(self.home.vault)
        self.slow = slow

    def begin(self):
        experiment = Experiment(
            run="learner:main", folder=self.folder, name="toy", space={"x": {"uniform": [0.1, 1.0]}},
            objective={"maximize": "value"}, search={"method": "random", "max_units": UNITS}, budget={"trials": 2},
            checkpoint_every=0.01, retry={"attempts": 0}, seed=5, environment={"FULL": str(self.full), "SLOW": str(self.slow)},
        )  # fmt: skip
        with Client(self.home, slots="cpu:1x1") as client:
            assert experiment.submit(client) == 1
        return self

    def ask(self, what):
        with Client(self.home) as client:
            client.ask(1, what)

    def state(self):
        with Client(self.home) as client:
            return client.status(1)

    def until(self, condition, seconds=60.0):
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, f"it did not come to pass in time: {self.state()}"
            time.sleep(0.02)
        return found

    def until_paused(self):
        self.until(lambda: (s := self.state()).state == "paused" and not s.slots_busy)

    def until_done(self):
        self.until(lambda: self.state().state in OVER)
        return self.what_came_of_it()

    def saved(self):
        """Checkpoints that are kept, the newest first."""
        with Client(self.home) as client:
            rows = [row for row in client.checkpoints(1) if row.state == "saved"]
        return sorted(rows, key=lambda row: -row.units)

    def told(self):
        with Client(self.home) as client:
            return [(notice.level, notice.text) for notice in client.notices(1)]

    def what_came_of_it(self):
        """State, units, score and final weights (by their digest) of each trial."""
        with Client(self.home) as client:
            assert client.status(1).state == "done", client.status(1)
            final = {row.trial: row.digest for row in client.checkpoints(1) if row.units == UNITS}
            return {t.trial: (t.state, t.units, t.score, final[t.trial]) for t in client.trials(1)}

    def log(self):
        return "".join(path.read_text() for path in sorted(self.home.logs(1).rglob("*.log")))

    def end(self):
        try:
            controller = psutil.Process(int(self.home.lock.read_text() or 0))
        except (OSError, ValueError, psutil.Error):
            return
        for process in [*controller.children(recursive=True), controller]:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue


@pytest.fixture
def searches(tmp_path):
    """Makes searches; what still runs of them is ended with the test."""
    made = []

    def make(name, **fields):
        made.append(Search(tmp_path / name, **fields))
        return made[-1]

    yield make
    for search in made:
        search.end()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    search = Search(tmp_path_factory.mktemp("undisturbed"))
    try:
        return search.begin().until_done()
    finally:
        search.end()


@pytest.fixture
def mounting():
    """Mounts; what is still mounted is let go with the test."""
    places = []

    def mount(*words, on):
        done = subprocess.run(["mount", *words, str(on)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this user may not mount a file system here: {done.stderr.strip() or done.returncode}")
        if on not in places:
            places.append(on)

    yield mount
    for place in reversed(places):
        subprocess.run(["umount", "-l", str(place)], check=True)


# -- a full disk -------------------------------------------------------------------------------------------------


def test_a_disk_that_is_full_while_saving_pauses_the_search_which_goes_on_when_there_is_room(searches, undisturbed):
    """Everywhere: the call that writes fails as on a full disk."""
    search = searches("full", slow=SLOW).begin()
    search.until(search.saved)
    search.full.touch()

    _is_told_of_a_full_disk(search)
    search.full.unlink()
    search.ask("resume")
    assert search.until_done() == undisturbed


def test_a_small_file_system_that_fills_up_while_saving(searches, undisturbed, mounting):
    """Where this user may mount: no room is left on the file system of the vault, and then there is some."""
    search = searches("small", slow=SLOW)
    search.home.vault.mkdir(parents=True)
    mounting("-t", "tmpfs", "-o", "size=4m", "tmpfs", on=search.home.vault)
    search.begin()
    search.until(search.saved)
    ballast = search.home.vault / "ballast"
    _fill(ballast)

    _is_told_of_a_full_disk(search)
    ballast.unlink()
    search.ask("resume")
    assert search.until_done() == undisturbed


def _fill(path):
    with path.open("wb", buffering=0) as file:
        for size in (2**16, 2**12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def _is_told_of_a_full_disk(search):
    search.until_paused()
    (text,) = [text for level, text in search.told() if level == "error"]
    assert "could not be saved: cannot write to the vault" in text
    assert "No space left on device; free some space, lower `disk_cap`, or use a home on a larger disk" in text
    assert "go on with: daybreak resume 1" in text
    for row in search.saved():
        search.vault.verify(row.digest)  # what was stored before is whole
    assert not list((search.home.vault / "incoming").iterdir())  # and of what was not nothing is left


# -- a vault that cannot be written ------------------------------------------------------------------------------


def test_a_vault_that_becomes_read_only_pauses_the_search(searches, undisturbed, mounting):
    search = searches("read-only", slow=SLOW).begin()
    search.until(search.saved)
    vault = search.home.vault
    mounting("--bind", str(vault), on=vault)
    mounting("-o", "remount,ro,bind", on=vault)
    search.until_paused()

    (text,) = [text for level, text in search.told() if level == "error"]
    assert "Read-only file system; it must be a folder you may write to: use a home elsewhere" in text
    mounting("-o", "remount,rw,bind", on=vault)
    search.ask("resume")
    assert search.until_done() == undisturbed


def test_a_vault_that_nobody_may_write_to(searches, undisturbed):
    """Everywhere: files cannot be made where they arrive, since that is no folder."""
    search = searches("no-folder", slow=SLOW).begin()
    search.until(search.saved)
    incoming = search.home.vault / "incoming"
    _replace_by_file(incoming)
    search.until_paused()

    (text,) = [text for level, text in search.told() if level == "error"]
    assert "could not be saved: cannot write to the vault" in text
    assert f"`{incoming}` must be a folder: move away what is in its place" in text
    incoming.unlink()
    search.ask("resume")
    assert search.until_done() == undisturbed


def _replace_by_file(folder):
    for number in itertools.count():
        folder.rename(folder.with_name(f"aside-{number}"))
        try:
            folder.touch(exist_ok=False)
        except FileExistsError:  # it was made again in between, for the next checkpoint
            continue
        return


# -- checkpoints that rot ----------------------------------------------------------------------------------------


def truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def flip_a_bit(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 16
    path.write_bytes(data)


@pytest.fixture
def paused(searches):
    """A search that was paused when its first trial had saved twice."""
    search = searches("paused", slow=SLOW).begin()
    search.until(lambda: len(search.saved()) > 1)
    search.ask("pause")
    search.until_paused()
    return search


@pytest.mark.parametrize("damage", [truncate, flip_a_bit])
def test_a_damaged_checkpoint_is_noticed_and_the_trial_goes_on_from_the_one_before(paused, undisturbed, damage):
    latest, before, *_ = paused.saved()
    damage(paused.vault.path(latest.digest))
    paused.ask("resume")

    assert paused.until_done() == undisturbed
    (text,) = [text for level, text in paused.told() if level == "warning"]
    assert f"a checkpoint of trial {latest.trial} is damaged (its bytes do not match its hash" in text
    assert f"the one at {latest.units} units; the one before it is used, at {before.units} units" in text
    assert "it was changed or damaged on disk" in paused.log()


def test_when_all_checkpoints_are_damaged_the_trial_starts_afresh(paused, undisturbed):
    for row, damage in zip(paused.saved(), (truncate, flip_a_bit, truncate), strict=False):
        damage(paused.vault.path(row.digest))
    paused.ask("resume")

    assert paused.until_done() == undisturbed
    texts = [text for level, text in paused.told() if level == "warning"]
    assert "there is none before it: the trial starts afresh" in texts[1]
