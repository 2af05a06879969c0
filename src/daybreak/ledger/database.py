"""Where a ledger is and how to connect: a SQLite file in WAL mode, or Postgres through psycopg 3."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from daybreak.base.errors import LedgerError
from daybreak.ledger.faults import told

BUSY_SECONDS = 5.0  # how long a statement waits for somebody else's write


def no_ledger(where: str) -> LedgerError:
    """The error where a ledger is expected and none is."""
    return LedgerError(f"there is no ledger in {where} yet: `daybreak run` makes one")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger is: `path` for SQLite, None for Postgres."""

    url: URL
    path: Path | None

    def __str__(self) -> str:
        return str(self.path) if self.path is not None else self.url.render_as_string(hide_password=True)

    @classmethod
    def of(cls, url_or_path: str | Path) -> "Place":
        """Read a path, `sqlite:///PATH` or `postgresql://...`. Raises `LedgerError`."""
        if isinstance(url_or_path, Path) or "://" not in url_or_path:
            return cls._file(Path(url_or_path))
        try:
            url = make_url(url_or_path)
        except (ArgumentError, ValueError) as error:
            raise LedgerError(f"a ledger is a path, sqlite:///PATH or postgresql://..., got {url_or_path!r}") from error
        if url.get_backend_name() == "sqlite" and url.database:
            return cls._file(Path(url.database))
        if url.get_backend_name() in {"postgresql", "postgres"}:
            return cls(url.set(drivername="postgresql+psycopg"), None)
        raise LedgerError(f"a ledger is a path, sqlite:///PATH or postgresql://..., got {url.render_as_string()!r}")

    @classmethod
    def existing(cls, url_or_path: str | Path) -> "Place":
        """As `of`, where there must be a ledger already. Raises `LedgerError`."""
        place = cls.of(url_or_path)
        if place.path is not None and not place.path.exists():
            raise no_ledger(str(place))
        return place

    @classmethod
    def _file(cls, path: Path) -> "Place":
        absolute = path.expanduser().absolute()
        return cls(URL.create("sqlite", database=str(absolute)), absolute)

    def connect_to_write(self) -> Connection:
        """A connection whose commits survive a power failure. Raises `LedgerError`."""
        with told("open the ledger", str(self)):
            if self.path is None:
                return self._postgres("-c synchronous_commit=on")
            # IMMEDIATE: the first write of a transaction takes the write lock, so that none fails half-way for want of it.
            connection = self._sqlite({"isolation_level": "IMMEDIATE"})
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("PRAGMA synchronous=FULL")
            connection.commit()
            return connection

    def connect_to_read(self) -> Connection:
        """A connection on which every statement sees the last commit and holds nothing back afterwards. Raises `LedgerError`."""
        with told("open the ledger", str(self)):
            if self.path is None:
                return self._postgres("-c default_transaction_read_only=on").execution_options(
                    isolation_level="AUTOCOMMIT"
                )
            connection = self._sqlite({"isolation_level": None})
            connection.exec_driver_sql("PRAGMA query_only=ON")
            return connection

    def connect_to_snapshot(self) -> Connection:
        """A connection that reads, and on which all statements see the same moment. Raises `LedgerError`."""
        connection = self.connect_to_read()
        with told("open the ledger", str(self)):
            if self.path is None:
                return connection.execution_options(isolation_level="REPEATABLE READ")
            connection.exec_driver_sql("BEGIN")
            return connection

    def _sqlite(self, arguments: dict[str, str | None]) -> Connection:
        engine = create_engine(
            self.url, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS, **arguments}, paramstyle="qmark"
        )
        return engine.connect()

    def _postgres(self, setting: str) -> Connection:
        asked = self.url.query.get("options", "")
        options = " ".join([setting, *([asked] if isinstance(asked, str) else asked)]).strip()
        try:
            engine = create_engine(
                self.url.update_query_dict({"options": options}), poolclass=NullPool, paramstyle="format"
            )
        except ModuleNotFoundError as error:
            raise LedgerError("a ledger on Postgres needs its driver: `pip install 'daybreak[postgres]'`") from error
        return engine.connect()
