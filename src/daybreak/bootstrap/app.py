"""One home's controller, wired from settings: reactor, ledger, agent, samplers, controller."""

import contextlib
import sys
import traceback
from dataclasses import dataclass

import daybreak.lifecycle as core
from daybreak.base.home import Home
from daybreak.bootstrap.aside import make
from daybreak.controller.controller import Controller
from daybreak.controller.reactor import SelectorReactor
from daybreak.controller.snapshot import SnapshotFile
from daybreak.executors.local.executor import LocalExecutor
from daybreak.executors.local.slots import detect_slots
from daybreak.ledger.opening import open_ledger
from daybreak.ports.ledger import Ledger, Reader
from daybreak.vault.store import Vault


@dataclass(frozen=True)
class Settings:
    """What differs between one controller and another."""

    home: Home
    ledger_url: str | None = None  # a database URL; None: ledger.db in the home
    slots: str | None = None  # 4, cpu:4x2, gpu:0,1; None: what the machine has


@dataclass(frozen=True)
class App:
    """The parts that whoever serves the controller needs."""

    reactor: SelectorReactor
    controller: Controller
    ledger: Ledger
    reader: Reader
    vault: Vault


def build(settings: Settings) -> App:
    """Open the ledger and put the parts together; nothing runs yet. Raises `LedgerError`, `UsageError`."""
    reactor = SelectorReactor(story)
    ledger = open_ledger(settings.ledger_url or settings.home.ledger)
    executor = LocalExecutor(settings.home, detect_slots(settings.slots))
    snapshots = SnapshotFile(settings.home.path / "snapshot")
    controller = Controller(ledger, [executor], reactor, core, make, story, snapshots=snapshots)
    return App(reactor, controller, ledger, ledger.reader(), Vault(settings.home.vault))


def story(what: str, error: Exception) -> None:
    """Write a fault to standard error, the controller's log; where that cannot be written (a full disk) the loop goes on all the same."""
    with contextlib.suppress(OSError):
        print(f"{what}: {error}", file=sys.stderr, flush=True)  # noqa: T201
        traceback.print_exception(error)
