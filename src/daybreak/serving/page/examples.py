"""Examples of a package as people choose them: a caption each, the row, and what is right."""

from collections.abc import Sequence
from typing import Any

import msgspec

from daybreak.serving.page.elements import element, text
from daybreak.serving.page.shapes import grid, short
from daybreak.signature.fields import Field, Signature

MOST = 8
WORDED = 4  # of those that are told in words, which take a line each
WIDE = 48  # characters of a caption
MEDIA = ("image", "audio")


class Example(msgspec.Struct, frozen=True):
    """One line of examples.jsonl; its `prediction` is left where it stands: the model is asked again."""

    inputs: dict[str, Any]
    targets: dict[str, Any] = {}


def parsed(lines: bytes) -> list[Example]:
    """The first ones that can be read."""
    return [msgspec.json.decode(line, type=Example) for line in lines.split(b"\n", MOST)[:MOST] if line.strip()]


def longest(field: Field, examples: Sequence[Example]) -> int:
    """Characters of the longest one; 0 where there is none."""
    values = (example.inputs.get(field.name) for example in examples)
    return max((len(value) for value in values if isinstance(value, str)), default=0)


def buttons(signature: Signature, examples: Sequence[Example]) -> str:
    """A button each. Pictures are put in by the script, into room that is kept for them."""
    seen = next((field for field in signature.inputs if field.kind == "image" or grid(field)), None)
    shown = examples if seen else examples[:WORDED]
    made = [_button(signature, example, place, seen) for place, example in enumerate(shown)]
    return element("div", *made, class_="examples thumbs" if seen else "examples")


def _button(signature: Signature, example: Example, place: int, seen: Field | None) -> str:
    said = caption(signature, example, place)
    if seen is None:
        return element("button", text(said), type="button", data_example=place)
    thumb = element("canvas", width=56, height=56, data_thumb=seen.name, aria_hidden="true")
    told = element("span", text(said), class_="hidden" if len(signature.inputs) == 1 else "said")
    return element("button", thumb, told, type="button", data_example=place)


def caption(signature: Signature, example: Example, place: int) -> str:
    """A few words that tell it from others."""
    texts = [field for field in signature.inputs if field.kind == "text" and example.inputs.get(field.name)]
    if texts:  # the shortest says most: a question, not its passage
        return _cut(min((str(example.inputs[field.name]) for field in texts), key=len))
    plain = [field for field in signature.inputs if field.kind in ("category", "boolean", "number", "integer")]
    ordered = sorted(plain, key=lambda field: field.kind != "category")
    words = [_value(field, example.inputs.get(field.name)) for field in ordered]
    heard = any(field.kind == "audio" for field in signature.inputs)
    return _cut(", ".join(filter(None, words))) or f"{'Recording' if heard else 'Example'} {place + 1}"


def _value(field: Field, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return field.name if value else f"no {field.name}"
    told = short(value, 3) if isinstance(value, int | float) else str(value)
    return told if field.kind == "category" else f"{field.name} {told}"


def _cut(said: str) -> str:
    said = " ".join(said.split())
    return said if len(said) <= WIDE else said[: WIDE - 1].rstrip(" ,") + "…"
