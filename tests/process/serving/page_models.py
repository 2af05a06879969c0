"""Models for tests of the page: one that takes and gives every kind there is, and one that finds answers in a text."""

import base64
import io
import json
import re

import numpy as np
import soundfile

from daybreak.base.errors import NotFound
from daybreak.registry.package import Package, Runtime
from daybreak.signature.columns import objects
from daybreak.signature.fields import Field, Output, Signature, Span
from daybreak.signature.media import as_png

HOSTILE = "</script><img src=x onerror=document.title='taken'>"
RATE = 8_000
PASSAGE = (
    "The Norman conquest of England began in 1066, when William crossed the Channel with an army of Normans, Bretons and Flemings. "
    "Harold was killed at Hastings on 14 October. William was crowned at Westminster on Christmas Day of the same year, and resistance "
    "went on in the north until 1070."
)
CARD = b"<!doctype html><html lang='en'><title>card</title><style>p{color:rgb(1, 2, 3)}</style><p>What it was made of.</p></html>"


def tone(hertz, seconds=1.0, rate=RATE):
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def wav(samples, rate=RATE):
    held = io.BytesIO()
    soundfile.write(held, samples, rate, "PCM_16", format="WAV")
    return held.getvalue()


class InMemory:
    """A model that is loaded: it answers in this process, its files are at hand."""

    foreign = False

    def __init__(self, name, signature, examples, *, card=b"", description=""):
        self.signature = signature
        files = {"card.html": None} if card else {}
        self.package = Package(name, 3, 1.7e9, signature, Runtime("python"), description=description, files=files)
        self.files = {"examples.jsonl": b"".join(json.dumps(one).encode() + b"\n" for one in examples)}
        if card:
            self.files["card.html"] = card

    def read(self, name):
        try:
            return self.files[name]
        except KeyError:
            raise NotFound(name) from None

    def close(self):
        pass


class Gallery(InMemory):
    """Every kind of input and of output."""

    def __init__(self):
        inputs = (
            Field("weight", "number", low=0, high=10, unit="kg", dtype="float64"),
            Field("count", "integer", low=0, high=20, strict=True),
            Field("fresh", "boolean"),
            Field("ripe", "boolean", nullable=True),
            Field("colour", "category", classes=("red", HOSTILE, "green")),
            Field("passage", "text", description="what is searched"),
            Field("word", "text"),
            Field("picture", "image"),
            Field("sound", "audio", rate=RATE),
            Field("matrix", "tensor", shape=(2, 3)),
        )
        outputs = (
            Output("verdict", "label", classes=("red", HOSTILE, "green"), description="the colour again"),
            Output("price", "number", unit="€", interval=True),
            Output("loud", "text"),
            Output("found", "span", of="passage"),
            Output("mirrored", "image"),
            Output("double", "tensor", shape=(2, 3)),
            Output("pitch", "number", unit="Hz"),
        )
        pixels = np.zeros((40, 60, 3), np.uint8)
        pixels[:, :20] = (200, 40, 20)
        row = {"weight": 2.5, "count": 4, "fresh": True, "ripe": None, "colour": "green", "passage": PASSAGE}
        row |= {"word": "Hastings", "picture": as_png(pixels), "matrix": [[1, 2, 3], [4, 5, 6]]}
        row["sound"] = base64.b64encode(wav(tone(440))).decode()
        examples = [{"inputs": row, "targets": {"verdict": "red", "price": 12}}]
        super().__init__("gallery", Signature(inputs, outputs), examples, card=CARD, description=HOSTILE)

    def predict(self, columns):
        chosen = [self.signature.outputs[0].classes.index(one) for one in columns["colour"]]
        price = columns["weight"] * columns["count"]
        spans = [found(passage, word) for passage, word in zip(columns["passage"], columns["word"], strict=True)]
        return {
            "verdict": np.eye(3)[chosen] * 0.7 + 0.1,
            "price": np.stack([price, price - 1, price + 2], axis=1),
            "loud": objects([word.upper() for word in columns["word"]]),
            "found": objects(spans),
            "mirrored": objects([pixels[:, ::-1] for pixels in columns["picture"]]),
            "double": 2 * columns["matrix"],
            "pitch": np.array([pitch(samples) for samples in columns["sound"]]),
        }


class Reader(InMemory):
    """A passage and a question in; of the sentence that shares most words with it, the part that the question is not made of."""

    def __init__(self):
        inputs = Field("passage", "text"), Field("question", "text")
        questions = (
            "When did the conquest of England begin?",
            "Where was Harold killed?",
            "Until when did resistance go on?",
        )
        examples = [{"inputs": {"passage": PASSAGE, "question": question}} for question in questions]
        signature = Signature(inputs, (Output("answer", "span", of="passage"),))
        about = "Finds the answer to a question in a text."
        super().__init__("answers", signature, examples, card=CARD, description=about)

    def predict(self, columns):
        answers = [answer(*pair) for pair in zip(columns["passage"], columns["question"], strict=True)]
        return {"answer": objects(answers)}


def found(passage, word):
    at = passage.find(word)
    return Span("", 0, 0, 0.0) if at < 0 else Span(word, at, at + len(word), 0.8)


def answer(passage, question):
    asked = set(re.findall(r"\w+", question.lower()))
    sentences = list(re.finditer(r"[^.]+\.?", passage))
    best = max(sentences, key=lambda one: len(asked & set(re.findall(r"\w+", one[0].lower()))))
    pattern = r"\d[\w ]*\d|\d+" if "when" in asked else r"(?<=at )\w+"
    hit = re.search(pattern, best[0])
    if hit is None:
        return Span("", 0, 0, 0.2)
    return Span(hit[0], best.start() + hit.start(), best.start() + hit.end(), 0.83)


def pitch(samples):
    """The loudest frequency, in hertz."""
    return float(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))).argmax() * RATE / len(samples))
