"""Every error that a deployment answers with: one table of stable codes, one exception that carries one of them.

An answer's body is `{"error": "<sentence>", "code": "<code>", "where": "<field or row>"}`; `where` is left out where there is none.
docs/serving/errors.md shows this table; a test holds the two together. Programs look at `code`: sentences may change.
"""

from typing import NamedTuple

import msgspec

from daybreak.base.errors import UsageError


class Problem(NamedTuple):
    """One code: the HTTP status and the gRPC status (by name) that it is told with, what it means, what to do."""

    status: int
    grpc: str
    meaning: str
    remedy: str


BAD = "INVALID_ARGUMENT"
NOBODY = "UNAUTHENTICATED"
PROBLEMS = {
    "bad_json": Problem(
        400, BAD, "the body is no JSON", "send UTF-8 JSON as RFC 8259 has it; NaN and Infinity are none"
    ),
    "bad_body": Problem(
        400,
        BAD,
        "the body has not the form that this route takes",
        "see /openapi.json, or docs/serving/protocols.md for V2",
    ),
    "bad_csv": Problem(
        400,
        BAD,
        "the body is no CSV with a header and equally long lines",
        "send UTF-8 with the inputs' names in line one",
    ),
    "bad_tensor": Problem(
        400, BAD, "a tensor's data, shape and datatype do not agree", "compare with the model's metadata"
    ),
    "bad_header": Problem(
        400, BAD, "a header or parameter has a value that it cannot have", "see the sentence: it names the header"
    ),
    "missing_field": Problem(422, BAD, "a row lacks an input that is not optional", "send it; `where` names it"),
    "unknown_field": Problem(
        422, BAD, "a row has a name that is no input of the model", "remove or correct it; `where` names it"
    ),
    "wrong_type": Problem(422, BAD, "a value has another type than its input", "compare with the model's metadata"),
    "wrong_shape": Problem(422, BAD, "an array has another shape than its input", "compare with the model's metadata"),
    "not_finite": Problem(
        422,
        BAD,
        "a value is null, NaN or infinite where its input may not be",
        "send a number, or declare the input nullable",
    ),
    "unknown_class": Problem(
        422, BAD, "a value is none of the classes of its input", "see the model's metadata for the classes"
    ),
    "bad_media": Problem(
        422, BAD, "an image or a recording cannot be decoded", "send a whole PNG, JPEG, WebP, BMP or WAV file"
    ),
    "bad_row": Problem(422, BAD, "a step of the model cannot take the row", "the sentence says why"),
    "empty_batch": Problem(422, BAD, "a request holds no row", "send at least one"),
    "token_missing": Problem(
        401, NOBODY, "the deployment asks for a token and got none", "send `Authorization: Bearer TOKEN`"
    ),
    "token_invalid": Problem(
        401, NOBODY, "the token is none of this deployment's", "ask for one; `daybreak token ls` lists them"
    ),
    "token_expired": Problem(401, NOBODY, "the token was valid until lately", "ask for a new one"),
    "scope_missing": Problem(403, "PERMISSION_DENIED", "the token lacks the route's scope", "ask for one that has it"),
    "unknown_route": Problem(404, "UNIMPLEMENTED", "there is nothing at this path", "see /openapi.json"),
    "unknown_model": Problem(
        404, "NOT_FOUND", "no model of this name is served here", "GET /v2/models lists those that are"
    ),
    "unknown_version": Problem(
        404, "NOT_FOUND", "this version of the model is not served here", "its metadata lists those that are"
    ),
    "unknown_request": Problem(
        404,
        "NOT_FOUND",
        "feedback for a request that this deployment did not answer",
        "send the `id` of an answer, as it was",
    ),
    "wrong_method": Problem(405, "UNIMPLEMENTED", "the path does not know this method", "see the header Allow"),
    "not_acceptable": Problem(406, BAD, "no form of the answer is one that Accept names", "accept application/json"),
    "slow_request": Problem(408, "DEADLINE_EXCEEDED", "the request did not arrive in time", "send it in one go"),
    "too_large": Problem(
        413, "RESOURCE_EXHAUSTED", "the body has more bytes than the limit", "send less at once, or `daybreak batch`"
    ),
    "too_many_rows": Problem(
        413, "RESOURCE_EXHAUSTED", "the request has more rows than the limit", "send fewer at once, or `daybreak batch`"
    ),
    "unsupported_media": Problem(
        415, BAD, "the route does not take bodies of this type", "the sentence names those that it takes"
    ),
    "wrong_host": Problem(
        421, "PERMISSION_DENIED", "the header Host names no loopback address", "ask by localhost or 127.0.0.1"
    ),
    "too_busy": Problem(
        429, "RESOURCE_EXHAUSTED", "as many requests wait as may", "try again after the seconds in Retry-After"
    ),
    "internal": Problem(500, "INTERNAL", "a fault of the server", "its log tells more, by the request's id"),
    "model_failed": Problem(500, "INTERNAL", "the model failed on this request", "the deployment's log tells more"),
    "model_crashed": Problem(503, "UNAVAILABLE", "the model's process died", "try again: it is started anew"),
    "unavailable": Problem(
        503, "UNAVAILABLE", "the replica is starting or ending", "try again after the seconds in Retry-After"
    ),
    "too_late": Problem(
        504,
        "DEADLINE_EXCEEDED",
        "the answer was not ready within the deadline",
        "try again, or deploy with a longer one",
    ),
}


class Told(msgspec.Struct, omit_defaults=True):
    """The body of an error."""

    error: str
    code: str
    where: str = ""


class Rejected(UsageError):
    """A request that is not served: `code` (one of `PROBLEMS`), a sentence, the field or row, headers that go with the answer."""

    def __init__(self, code: str, sentence: str = "", where: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence or PROBLEMS[code].meaning)
        self.code = code
        self.where = where
        self.headers = headers or {}

    @property
    def status(self) -> int:
        """Of the HTTP answer."""
        return PROBLEMS[self.code].status

    @property
    def body(self) -> bytes:
        """Of the HTTP answer: JSON."""
        return msgspec.json.encode(Told(str(self), self.code, self.where))
