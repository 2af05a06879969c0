"""What a package keeps of the comparison: the proof itself, examples for people, and what live rows are held against."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from daybreak.export import metrics
from daybreak.export.judging import Judge, Judged
from daybreak.export.parity import Parity
from daybreak.export.source import chosen, rows_of
from daybreak.monitoring import reference
from daybreak.signature import codec
from daybreak.signature.fields import Columns, Field, Output, Span
from daybreak.signature.media import as_png

EXAMPLES = 12


def proof(folder: Path, parity: Parity) -> None:
    """parity.json."""
    (folder / "parity.json").write_bytes(msgspec.json.format(msgspec.json.encode(parity), indent=1))


def write(folder: Path, judge: Judge, judged: Judged) -> None:
    """parity.json; and of the export's own answers, where it gave any, examples.jsonl and reference.json."""
    proof(folder, judged.parity)
    if not judged.answers:
        return
    lines = [json.dumps(example, ensure_ascii=False) for example in _examples(judge, judged.answers)]
    (folder / "examples.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    made = reference.make(judge.columns, judged.answers, signature=judge.signature, truth=_truth(judge))
    (folder / "reference.json").write_bytes(reference.to_json(made))


def _truth(judge: Judge) -> Any:
    if judge.targets is None:
        return None
    output = judge.signature.outputs[0]
    return [told(output, value, judge) for value in judge.targets] if output.kind in ("label", "number") else None


def _examples(judge: Judge, answers: Columns) -> list[dict[str, Any]]:
    places = _spread(judge, answers)
    lines = codec.make(judge.signature).encode(chosen(answers, places))
    found = []
    for place, answer in zip(places, lines, strict=True):
        row = {field.name: plain(field, judge.columns[field.name][place]) for field in judge.signature.inputs}
        output = judge.signature.outputs[0]
        truth = {} if judge.targets is None else {"targets": {output.name: told(output, judge.targets[place], judge)}}
        found.append({"inputs": row, **truth, "prediction": json.loads(answer)})
    return found


def _spread(judge: Judge, answers: Columns) -> Any:
    """Some rows of every answer where there are classes, else evenly spread ones."""
    rows = rows_of(judge.columns)
    output = judge.signature.outputs[0]
    if output.kind == "label":
        order = np.argsort(answers[output.name].argmax(axis=1), kind="stable")
        return np.sort(order[np.linspace(0, rows - 1, min(EXAMPLES, rows)).astype(int)])
    return np.linspace(0, rows - 1, min(EXAMPLES, rows)).astype(int)


def told(output: Output, value: Any, judge: Judge) -> Any:
    """A right answer as people tell it: a class's name, a number, a part of a text."""
    if output.kind == "label":
        place = metrics.places([value], output, judge.known, len(judge.signature.outputs[0].classes) or 1 << 30)[0]
        return output.classes[place] if output.classes else str(place)
    if isinstance(value, Span):
        return {"text": value.text, "start": value.start, "end": value.end}
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value


def plain(field: Field, value: Any) -> Any:
    """A value as the plain route takes it."""
    if value is None:
        return None
    if field.kind == "image":
        return as_png(value)
    if field.kind == "audio":
        return _wav(value, field.rate or 16_000)
    if isinstance(value, np.ndarray):
        return _numbers(value)
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else _whole(field, value)


def _numbers(value: Any) -> Any:
    return (
        [_numbers(inner) for inner in value]
        if value.ndim > 1
        else [None if isinstance(v, float) and not np.isfinite(v) else v for v in value.tolist()]
    )


def _whole(field: Field, value: Any) -> Any:
    if field.kind == "integer" and isinstance(value, float):
        return int(value)
    return bool(value) if field.kind == "boolean" else value


def _wav(samples: Any, rate: int) -> str:
    import soundfile

    held = io.BytesIO()
    soundfile.write(held, samples, rate, "PCM_16", format="WAV")
    return base64.b64encode(held.getvalue()).decode()
