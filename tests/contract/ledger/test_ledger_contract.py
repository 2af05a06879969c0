"""Every ledger keeps the same promises."""

import hashlib
import time

from postgres_schema import in_schema, needs_postgres

from daybreak.ledger.memory import MemoryLedger
from daybreak.ledger.opening import open_ledger
from daybreak.testing.ledger_contract import DurableContract, LedgerContract, ReaderContract

SESSION = time.time_ns()  # a server may be kept between two runs of the tests


class TestSqlite(ReaderContract, DurableContract):
    def open(self, where):
        return open_ledger(where / "ledger.db")


class TestMemory(LedgerContract):
    def open(self, where):
        return MemoryLedger()


@needs_postgres
class TestPostgres(ReaderContract, DurableContract):
    def open(self, where):
        return open_ledger(in_schema(f"t{SESSION:x}_{hashlib.sha256(bytes(where)).hexdigest()[:12]}"))
