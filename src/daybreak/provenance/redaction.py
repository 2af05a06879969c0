"""Values of credentials are taken out of what attempts print, before it comes to a disk."""

from collections.abc import Iterable
from urllib.parse import quote

INSTEAD = b"[redacted]"
SHORTEST = 4  # characters: a shorter value is part of ordinary words


class Redactor:
    """Takes secrets out of a stream of bytes, wherever it is cut into pieces.

    What may be the beginning of a secret is held back until it is known. Values are also known as a URL writes them, and each line
    of one of several lines (a private key) by itself.
    """

    def __init__(self, values: Iterable[str]) -> None:
        lines = {line for value in values for line in (value, *value.splitlines()) if len(line) >= SHORTEST}
        found = {text.encode() for line in lines for text in (line, quote(line, safe=""))}
        self._secrets = sorted(
            found, key=lambda secret: (-len(secret), secret)
        )  # the longest first: one may begin with another
        self._held = b""

    def __bool__(self) -> bool:
        """Whether there is anything to take out."""
        return bool(self._secrets)

    def feed(self, data: bytes) -> bytes:
        """What may be written of all that came so far."""
        clean = self._clean(self._held + data)
        kept = self._beginning(clean)
        self._held = clean[len(clean) - kept :]
        return clean[: len(clean) - kept]

    def end(self) -> bytes:
        """What was held back, now that nothing more comes."""
        rest, self._held = self._held, b""
        return rest

    def text(self, text: str) -> str:
        """A whole text without secrets."""
        return self._clean(text.encode(errors="surrogateescape")).decode(errors="replace")

    def _clean(self, data: bytes) -> bytes:
        for secret in self._secrets:
            data = data.replace(secret, INSTEAD)
        return data

    def _beginning(self, data: bytes) -> int:
        """Length of the longest end of `data` that begins a secret."""
        most = min(len(data), max((len(secret) - 1 for secret in self._secrets), default=0))
        return next((n for n in range(most, 0, -1) if any(secret.startswith(data[-n:]) for secret in self._secrets)), 0)
