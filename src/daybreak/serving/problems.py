"""Every code that a deployment refuses a request with: one table, which docs/serving/errors.md shows.

An answer's body is `{"error": "<sentence>", "code": "<code>", "where": "<field or row>"}`; `where` is left out where there is none.
Programs look at `code`: codes stay, sentences may change. Tests hold the table, the code and the docs together.
"""

import logging
from typing import NamedTuple

from daybreak.base.errors import BadRow
from daybreak.serving.refusals import Refusal

_log = logging.getLogger("daybreak.serving")

BAD, BUSY, GONE = "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "UNAVAILABLE"  # gRPC's names


class Problem(NamedTuple):
    """One code: its HTTP status and gRPC status (by name), what it means, what to do."""

    status: int
    grpc: str
    meaning: str
    remedy: str


PROBLEMS = {
    "bad_request": Problem(
        400, BAD, "not HTTP/1.1, or a header or parameter with a value that it cannot have", "the sentence names it"
    ),
    "bad_json": Problem(
        400, BAD, "the body is not JSON", "send UTF-8 JSON (RFC 8259); NaN and Infinity in a row are `bad_value`"
    ),
    "bad_row": Problem(
        400, BAD, "the body holds no rows, or one that the model's steps cannot take", "compare with /openapi.json"
    ),
    "bad_csv": Problem(
        400,
        BAD,
        "the body is no CSV: a header with names, then lines as long",
        "send UTF-8 with the inputs' names in line one",
    ),
    "bad_tensor": Problem(
        400, BAD, "data, shape and datatype of a tensor do not agree", "compare with /v2/models/NAME"
    ),
    "no_rows": Problem(400, BAD, "the request holds no row", "send at least one"),
    "missing_field": Problem(400, BAD, "a row lacks an input that is not optional", "send it; `where` names it"),
    "unknown_field": Problem(
        400, BAD, "a name is no input (or output) of the model", "remove or correct it; `where` names it"
    ),
    "bad_type": Problem(400, BAD, "a value has another type than its input", "compare with /openapi.json"),
    "bad_shape": Problem(400, BAD, "an array has another shape than its input", "compare with /openapi.json"),
    "bad_value": Problem(
        400,
        BAD,
        "a value is missing, NaN, infinite or none of the classes, where its input may not be",
        "send a proper one",
    ),
    "out_of_range": Problem(
        400,
        BAD,
        "a value lies outside what its type, or the type in which the model computes, can hold",
        "send one inside",
    ),
    "bad_media": Problem(
        400, BAD, "an image or a recording cannot be decoded", "send the whole file, of a type that the route names"
    ),
    "bad_feedback": Problem(
        400, BAD, "feedback without the value that its kind needs", "see docs/serving/protocols.md"
    ),
    "token_missing": Problem(
        401, "UNAUTHENTICATED", "the deployment asks for a token and got none", "send `Authorization: Bearer TOKEN`"
    ),
    "token_invalid": Problem(
        401, "UNAUTHENTICATED", "the token is none of this deployment's", "ask for one that opens it"
    ),
    "token_expired": Problem(401, "UNAUTHENTICATED", "the token's time is over", "ask for a new one"),
    "scope_missing": Problem(
        403,
        "PERMISSION_DENIED",
        "the token does not allow this route",
        "ask for one with the scope that the sentence names",
    ),
    "wrong_host": Problem(
        403,
        "PERMISSION_DENIED",
        "on loopback, the header Host names another machine (DNS rebinding)",
        "ask for localhost",
    ),
    "foreign_origin": Problem(403, "PERMISSION_DENIED", "a page of another site asks", "deploy with `--origin SITE`"),
    "unknown_path": Problem(404, "UNIMPLEMENTED", "there is nothing at this path", "see /openapi.json"),
    "unknown_arm": Problem(404, "NOT_FOUND", "the deployment has no arm of this name", "see /v2"),
    "unknown_model": Problem(404, "NOT_FOUND", "no model of this name is served here", "see /v2"),
    "unknown_version": Problem(
        404, "NOT_FOUND", "this version of the model is not served here", "/v2/models/NAME lists those that are"
    ),
    "unknown_request": Problem(
        404, "NOT_FOUND", "feedback on a request that this deployment never answered", "send an answer's `id` unaltered"
    ),
    "wrong_method": Problem(405, "UNIMPLEMENTED", "the path does not know this method", "see the header Allow"),
    "too_slow": Problem(408, "DEADLINE_EXCEEDED", "the request did not arrive in time", "send it in one go"),
    "body_too_large": Problem(
        413, BUSY, "the body, or what it unpacks to, has more bytes than may be", "send parts, or use `daybreak batch`"
    ),
    "too_many_rows": Problem(
        413, BUSY, "the request has more rows than `limits.rows`", "send parts, or use `daybreak batch`"
    ),
    "unknown_media": Problem(
        415, BAD, "the route does not take bodies of this type or encoding", "the sentence names those that it takes"
    ),
    "overloaded": Problem(
        429, BUSY, "as many requests, or bytes of bodies, wait as may", "come back after the seconds in Retry-After"
    ),
    "head_too_large": Problem(431, BAD, "more than 32 KiB of headers", "send fewer"),
    "internal": Problem(500, "INTERNAL", "a fault of the server's own", "its log says more"),
    "model_failed": Problem(500, "INTERNAL", "the model failed on this request", "the deployment's log says more"),
    "unknown_coding": Problem(
        501, "UNIMPLEMENTED", "a transfer coding other than chunked", "compress by Content-Encoding"
    ),
    "draining": Problem(503, GONE, "the replica is about to stop, or starts again", "ask again: another takes it"),
    "not_ready": Problem(503, GONE, "the model is being loaded", "come back after the seconds in Retry-After"),
    "too_many_connections": Problem(
        503, GONE, "as many connections are open as may", "close some, or deploy more replicas"
    ),
    "replica_crashed": Problem(
        503, GONE, "the process that held the request died; another takes its place", "ask again"
    ),
    "disk_full": Problem(503, GONE, "feedback could not be written", "send it again later; see the deployment's disk"),
    "gone": Problem(
        499, "CANCELLED", "its client hung up before it was answered: nobody is told, metrics count it", "-"
    ),
    "deadline_exceeded": Problem(
        504,
        "DEADLINE_EXCEEDED",
        "the answer was not there within the deadline",
        "ask again, with fewer rows or more time",
    ),
}


def of_row(error: BadRow) -> Refusal:
    """What a client is told of a row that the signature does not take."""
    row = "" if error.row is None else f"row {error.row}"
    return Refusal(PROBLEMS[error.code].status, error.code, str(error), ", ".join(filter(None, (row, error.where))))


def of_fault(error: Exception) -> Refusal:
    """What a client is told of whatever kept its request from being read. A fault of ours is told in the log."""
    if isinstance(error, BadRow):
        return of_row(error)
    if isinstance(error, Refusal):
        return error
    _log.error("a request failed", exc_info=error)
    return refuse("internal", "the server failed on this request; its log says why")


def refuse(code: str, sentence: str, where: str = "") -> Refusal:
    """A refusal with the status that the table has for its code."""
    return Refusal(PROBLEMS[code].status, code, sentence, where)
