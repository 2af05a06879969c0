"""A request that is refused: a status, a stable code (`serving.problems` lists them), one sentence, and where it went wrong."""

import msgspec

from daybreak.base.errors import DaybreakError

CHALLENGES = {  # of RFC 6750, 3: how to ask
    "token_missing": b'Bearer realm="daybreak"',
    "token_invalid": b'Bearer realm="daybreak", error="invalid_token"',
    "token_expired": b'Bearer realm="daybreak", error="invalid_token"',
    "scope_missing": b'Bearer realm="daybreak", error="insufficient_scope"',
}


class Refusal(DaybreakError):
    """A request that is not answered as asked. `where`: the field or row, if any; `retry`: seconds after which to come back."""

    def __init__(self, status: int, code: str, sentence: str, where: str = "", retry: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.where = where
        self.retry = retry

    @property
    def body(self) -> bytes:
        """As JSON: {"error", "code", "where"}."""
        told = {"error": str(self), "code": self.code}
        return msgspec.json.encode(told | {"where": self.where} if self.where else told)

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Beyond type and length."""
        if self.code in CHALLENGES:
            return [(b"www-authenticate", CHALLENGES[self.code])]
        return [] if self.retry is None else [(b"retry-after", str(self.retry).encode())]
