"""A deployment's log: one JSON object a line, by all its processes.

{"at": "2026-11-21T10:00:00.123Z", "level": "error", "process": "replica-1", "message": "...", "arm": "champion", "trace": "..."}
"""

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

NAME = "daybreak.serving"
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}


class AsJson(logging.Formatter):
    """`extra` fields of a record stand beside its message."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        told: dict[str, Any] = {
            "at": at,
            "level": record.levelname.lower(),
            "process": self._process,
            "message": record.getMessage(),
        }
        told |= {name: value for name, value in vars(record).items() if name not in _OWN}
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(told, enc_hook=str).decode()


def begin(process: str, file: Path | None = None) -> None:
    """Log to a file; left out: standard error, which a supervisor leads to the deployment's log."""
    handler = logging.StreamHandler(sys.stderr) if file is None else logging.FileHandler(file, delay=True)
    handler.setFormatter(AsJson(process))
    logger = logging.getLogger(NAME)
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logging.captureWarnings(capture=True)
