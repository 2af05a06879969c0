"""What became of a request, checked: of a request that this deployment answered, and of a value that its kind and the model can have."""

import math
from typing import Any

import msgspec

from daybreak.monitoring.columns import classes
from daybreak.serving.events import KINDS, Feedback, Kind
from daybreak.serving.ids import Ids, UnknownRequest
from daybreak.serving.problems import refuse
from daybreak.signature.fields import Output, Signature

LONGEST = 2_000  # characters of a note


class Sent(msgspec.Struct, forbid_unknown_fields=True):
    """One piece of feedback as JSON has it. `truth`: the right answer, of one output or {output: answer}; then `kind` may be left out.

    What `kind` and `value` may be is looked at later, where it can be told in words.
    """

    id: str
    kind: Any = None
    value: Any = None
    truth: Any = None
    note: str = ""


_many: msgspec.json.Decoder[Sent | list[Sent]] = msgspec.json.Decoder(Sent | list[Sent])


def read(body: bytes, most: int) -> list[Sent]:
    """One piece, or a list of at most `most`. Raises `Refusal`: bad_json, bad_feedback, no_rows, too_many_rows."""
    try:
        told = _many.decode(body)
    except (msgspec.ValidationError, RecursionError) as error:
        raise refuse(
            "bad_feedback", f'feedback is {{"id", "truth"}} or {{"id", "kind", "value"}}, or a list of them: {error}'
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refuse("bad_json", f"the body is no JSON: {error}") from error
    pieces = told if isinstance(told, list) else [told]
    if not pieces:
        raise refuse("no_rows", "a request has at least one piece of feedback, this has none")
    if len(pieces) > most:
        raise refuse("too_many_rows", f"a request has at most {most} pieces of feedback, got {len(pieces)}; send parts")
    return pieces


def checked(sent: Sent, signature: Signature, ids: Ids, at: float) -> Feedback:
    """As an event. Raises `Refusal`: unknown_request, bad_feedback."""
    try:
        issued = ids.read(sent.id)
    except (UnknownRequest, ValueError) as error:
        raise refuse(
            "unknown_request", "no request of this deployment has this id; send the `id` of an answer as it was", "id"
        ) from error
    kind: Kind = _kind(sent.kind)
    if len(sent.note) > LONGEST:
        raise refuse("bad_feedback", f"a note has at most {LONGEST} characters, got {len(sent.note)}", "note")
    value = None if kind == "truth" else _value(kind, sent)
    truth = _truth(sent, signature) if kind == "truth" else None
    return Feedback(sent.id, at, issued.arm, issued.version, kind, value, truth, sent.note)


def _kind(told: Any) -> Kind:
    if told is None:
        return "truth"
    for kind in KINDS:
        if told == kind:
            return kind
    raise refuse("bad_feedback", f"`kind` is one of {', '.join(KINDS)}, got {str(told)[:40]!r}", "kind")


def _value(kind: Kind, sent: Sent) -> float:
    if sent.truth is not None:
        raise refuse("bad_feedback", f"`truth` goes without a kind, and {kind} with `value` alone", "truth")
    value = 1.0 if sent.value is None and kind in ("conversion", "error") else sent.value
    if not _finite(value):
        got = "none" if value is None else repr(str(value)[:40])
        raise refuse("bad_feedback", f"{kind} needs a number as its `value`, got {got}", "value")
    if kind in ("conversion", "error") and value not in (0, 1):
        raise refuse("bad_feedback", f"`value` of {kind} is 0 or 1, got {value:g}", "value")
    if kind == "latency" and value < 0:
        raise refuse("bad_feedback", f"`value` of latency is seconds from 0 on, got {value:g}", "value")
    return float(value)


def _truth(sent: Sent, signature: Signature) -> Any:
    if sent.truth is None or sent.value is not None:
        raise refuse("bad_feedback", "feedback needs the right answer as `truth`, or `kind` and `value`", "truth")
    outputs = {output.name: output for output in signature.outputs}
    if isinstance(sent.truth, dict) and sent.truth.keys() & outputs.keys():
        for name in sent.truth:
            if name not in outputs:
                raise refuse(
                    "bad_feedback", f"the model has no output {name[:80]!r}; they are {', '.join(outputs)}", "truth"
                )
        return {name: _right(outputs[name], answer) for name, answer in sent.truth.items()}
    if len(outputs) > 1:
        raise refuse("bad_feedback", f"of several outputs `truth` names its own: {', '.join(outputs)}", "truth")
    return _right(signature.outputs[0], sent.truth)


def _right(output: Output, answer: Any) -> Any:
    """The right answer as the output tells its own: of a class its name, also where JSON wrote that as a number (4) or a truth."""
    if output.kind == "label" and output.classes and isinstance(answer, bool | int | float):
        answer = classes([answer])[0]
    if output.kind == "label" and output.classes and answer not in output.classes:
        told = ", ".join(output.classes[:20])
        raise refuse(
            "bad_feedback",
            f"`truth` of {output.name} is one of its classes ({told}), got {str(answer)[:40]!r}",
            "truth",
        )
    if output.kind == "number" and (isinstance(answer, bool) or not _finite(answer)):
        raise refuse("bad_feedback", f"`truth` of {output.name} is a number, got {str(answer)[:40]!r}", "truth")
    return answer


def _finite(answer: Any) -> bool:
    """Whether it is a number that a float can be."""
    try:
        return isinstance(answer, int | float) and math.isfinite(answer)
    except OverflowError:
        return False
