"""What a request is refused with: a status, a stable code, one sentence, and where in the request it went wrong.

| status | code | when |
|---|---|---|
| 400 | bad_request, bad_json, bad_row, no_rows | not HTTP, not JSON, not rows of the signature |
| 401, 403 | no_token, forbidden | `serving.tokens` |
| 404, 405 | unknown_path, unknown_model, unknown_version, wrong_method | no such thing here |
| 408 | too_slow | the request did not come in time |
| 411, 413 | length_required, body_too_large, too_many_rows | `Limits` |
| 415 | unknown_media | a body of a kind that the route does not take |
| 429 | overloaded | the queue is full: Retry-After says when |
| 431 | head_too_large | more than 32 KiB of headers |
| 500 | model_failed, internal | the model, or we |
| 503 | draining, not_ready, too_many_connections, replica_crashed | go elsewhere, or come back |
| 504 | deadline_exceeded | the answer was not there in time |
"""

import msgspec

from daybreak.base.errors import DaybreakError


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
        return [] if self.retry is None else [(b"retry-after", str(self.retry).encode())]
