"""Where updates come from: a folder that somebody copies bundles to, or a URL. Neither is trusted: what comes is verified."""

import shutil
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Protocol

from daybreak.base.errors import BundleError, DamagedBundle, NotFound, UsageError
from daybreak.edge.device.state import State
from daybreak.edge.layout import LARGEST
from daybreak.edge.verifying import claimed

INCOMING = "incoming.dbk"
PATIENCE = 60.0  # seconds without a byte
READ = 1 << 20
UNCHANGED = 304

Stamp = tuple[str, int, int]  # name, bytes, when it was written


class Source(Protocol):
    """Offers bundles. What was offered once is not offered again while it stays the same."""

    def offered(self, state: State) -> Path | None:
        """The newest that the device does not have, as a file; None where there is nothing new. Raises `NotFound`, `DamagedBundle`."""


def source(told: str, device: Path) -> Source:
    """A folder, or a http(s) URL of one bundle. Raises `UsageError`."""
    scheme, _, rest = told.partition("://")
    if not rest:
        return FolderSource(Path(told))
    if scheme not in ("http", "https"):
        raise UsageError(f"updates come from a folder, or from a http(s) URL of a bundle, got {told}")
    return UrlSource(told, device / INCOMING)


class FolderSource:
    """Bundles in a folder: of those that claim the device's model, the one with the largest counter above what it has."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[Stamp] = set()

    def offered(self, state: State) -> Path | None:
        """See `Source`."""
        if not self._folder.is_dir():
            raise NotFound(f"the folder of updates is not there: {self._folder}")
        best: tuple[int, Path, Stamp] | None = None
        have = max([state.floor, *(each.counter for each in (state.current, state.trial) if each)])
        for path in sorted(self._folder.glob("*.dbk")):
            try:
                stamp = _stamped(path)
                counter = None if stamp in self._seen else _counter(path, state.model)
            except OSError:  # removed meanwhile, a link to nowhere, not ours to read: the others count
                continue
            if counter is None or counter <= have:
                self._seen.add(stamp)
            elif best is None or counter > best[0]:
                best = counter, path, stamp
        if best is None:
            return None
        self._seen.add(best[2])
        return best[1]


class UrlSource:
    """One URL whose bundle is exchanged for newer ones; asked with the tag of what it gave last (RFC 9110, 13.1.2)."""

    def __init__(self, url: str, target: Path) -> None:
        self._url = url
        self._target = target
        self._tags: dict[str, str] = {}

    def offered(self, state: State) -> Path | None:
        """See `Source`. The bundle lies in the device's folder until the next is asked for."""
        request = urllib.request.Request(self._url, headers=self._tags)  # noqa: S310 (`source` looked at the scheme)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
                self._fetch(answer, int(answer.headers.get("Content-Length") or 0))
                tags = {
                    "If-None-Match": answer.headers.get("ETag"),
                    "If-Modified-Since": answer.headers.get("Last-Modified"),
                }
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == UNCHANGED:
                return None
            raise NotFound(f"{self._url} gives no update: {error.code} {error.reason}") from error
        except (HTTPException, ValueError, OSError) as error:  # whoever answers there need not speak HTTP
            raise NotFound(f"{self._url} gives no update: {getattr(error, 'reason', error)}") from error
        self._tags = {name: value for name, value in tags.items() if value}
        counter = _counter(self._target, state.model)
        have = max([state.floor, *(each.counter for each in (state.current, state.trial) if each)])
        return self._target if counter is None or counter > have else None

    def _fetch(self, answer: object, told: int) -> None:
        room = min(LARGEST, shutil.disk_usage(self._target.parent).free // 2)
        if told > room:
            raise DamagedBundle(
                f"{self._url} gives {told:,} bytes, this device has room for {room:,}; bundle a smaller model"
            )
        partial, size = self._target.with_suffix(".partial"), 0
        with partial.open("wb") as file:
            while piece := answer.read(READ):  # type: ignore[attr-defined]
                size += file.write(piece)
                if size > room:
                    raise DamagedBundle(f"{self._url} gives more bytes than the {room:,} that this device has room for")
        partial.replace(self._target)


def _stamped(path: Path) -> Stamp:
    found = path.stat()
    return path.name, found.st_size, found.st_mtime_ns


def _counter(path: Path, model: str) -> int | None:
    """What a bundle claims to be; None where it is none, or of another model."""
    try:
        told = claimed(path)
    except (BundleError, NotFound):
        return None
    return told.counter if model in ("", told.package.name) else None
