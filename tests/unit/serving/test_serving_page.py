"""What the page is made of: a control for each kind of input, captions of examples, what is escaped, and who may see it."""

import asyncio
import json

import pytest
from msgspec.structs import replace
from serving_doubling import Client, Doubling, replica

from daybreak.base.errors import NotFound
from daybreak.registry.package import Package, Runtime
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.guard import Guard
from daybreak.serving.page import document
from daybreak.serving.page.controls import control
from daybreak.serving.page.elements import element, text
from daybreak.serving.page.examples import Example, caption, parsed
from daybreak.serving.page.shapes import grid, span
from daybreak.serving.tokens import Tokens
from daybreak.signature.fields import Field, Output, Signature

OUTPUT = (Output("answer", "label", classes=("no", "yes")),)
HOSTILE = "</script><b onclick='x'>\"&"


def made(field, longest=0):
    return control(field, 0, longest)


@pytest.mark.parametrize(
    ("field", "tags"),
    [
        (Field("a", "number", low=0, high=3, unit="kg"), ['inputmode="decimal"', 'type="range"', "kg", "0 to 3 in training"]),
        (Field("a", "integer", low=0, high=3, strict=True), ['inputmode="numeric"', 'step="1"', ">0 to 3<"]),
        (Field("a", "number", low=-3.7723, high=3.066), ['min="-3.77"', 'max="3.06"', 'step="0.01"', "-3.772 to 3.066"]),
        (Field("a", "number", low=2, high=2), ['type="text"', "2 to 2"]),
        (Field("a", "boolean"), ['type="checkbox"']),
        (Field("a", "boolean", nullable=True), ["<select", "not known", "may be left out"]),
        (Field("a", "category", classes=("x", "y")), ["<select", '<option value="x">x</option>', "choose"]),
        (Field("a", "category", classes=tuple(map(str, range(900)))), ["<datalist", 'list="in-0-list"']),
        (Field("a", "category"), ['type="text"']),
        (Field("a", "image", shape=(28, 28, 1)), ["<canvas", 'data-grid="28 28"', 'type="file"', "<video"]),
        (Field("a", "image"), ['type="file"', 'accept="image/*"']),
        (Field("a", "audio", rate=8_000), ["<audio", 'data-rate="8000"', "8,000 samples"]),
        (Field("a", "tensor", shape=(2, None)), ["<textarea", "2 by any numbers"]),
        (Field("pixels", "tensor", shape=(64,), low=0, high=1), ["<canvas", 'data-grid="8 8"', "<textarea"]),
    ],
)  # fmt: skip
def test_each_kind_of_input_has_its_control(field, tags):
    html = made(field)
    assert [tag for tag in tags if tag not in html] == []
    assert html.count('for="in-0"') == html.count(' id="in-0"') == 1, "a label, and what it is of"


@pytest.mark.parametrize(("longest", "tag"), [(0, "<textarea"), (40, "<input"), (400, "<textarea")])
def test_a_text_has_the_room_that_examples_need(longest, tag):
    assert tag in made(Field("a", "text"), longest)


@pytest.mark.parametrize(
    ("field", "size"),
    [
        (Field("a", "image", shape=(28, 28, 1)), (28, 28)),
        (Field("a", "image", shape=(28, 28, 3)), None),
        (Field("a", "image", shape=(None, None, 1)), None),
        (Field("a", "image", shape=(256, 256, 1)), None),
        (Field("a", "tensor", shape=(1, 16, 12), low=0, high=255), (16, 12)),
        (Field("a", "tensor", shape=(8, 8), low=-1, high=1), None),
        (Field("a", "tensor", shape=(64,), low=0, high=1), None),
        (Field("image", "tensor", shape=(64,), low=0, high=1), (8, 8)),
        (Field("image", "tensor", shape=(65,), low=0, high=1), None),
        (Field("a", "text"), None),
    ],
)
def test_small_grey_pictures_are_drawn(field, size):
    assert grid(field) == size


def test_ranges_in_words():
    told = [
        span(Field("a", "number", low=low, high=high))
        for low, high in ((0, 1_500), (0.25123, None), (None, 3), (None, None))
    ]
    assert told == ["0 to 1,500", "from 0.2512", "up to 3", ""]


def test_examples_are_named_by_what_tells_them_apart():
    fields = (Field("age", "number"), Field("job", "category"), Field("old", "boolean"), Field("note", "text"))
    row = {"age": 61.5, "job": "farmer", "old": True, "note": None}
    assert caption(Signature(fields, OUTPUT), Example(row), 0) == "farmer, age 61.5, old"
    texts = Signature((Field("passage", "text"), Field("question", "text")), OUTPUT)
    asked = Example({"passage": "long " * 40, "question": "Why   is\nit so? " + "x" * 60})
    assert caption(texts, asked, 0) == "Why is it so? " + "x" * 33 + "…"
    assert caption(Signature((Field("a", "image"),), OUTPUT), Example({"a": ""}), 2) == "Example 3"
    assert caption(Signature((Field("a", "audio"),), OUTPUT), Example({"a": ""}), 0) == "Recording 1"


def test_the_first_examples_alone_are_shown():
    lines = b"".join(b'{"inputs": {"a": %d}, "prediction": 3}\n' % place for place in range(20))
    assert [example.inputs["a"] for example in parsed(lines)] == list(range(8))
    assert parsed(b"") == []


def test_elements_escape_attributes_and_text():
    html = element("p", text("<&"), for_="a", data_kind='"<', hidden=True, title=None, checked=False)
    assert html == '<p for="a" data-kind="&quot;&lt;" hidden>&lt;&amp;</p>'
    assert element("input", value=0) == '<input value="0">'


def whole(**more):
    signature = Signature(
        (Field(HOSTILE.replace('"', ""), "category", classes=(HOSTILE,), description=HOSTILE),), OUTPUT
    )
    package = Package(HOSTILE, 3, 0.0, signature, Runtime("onnx"), description=HOSTILE)
    deployment = Deployment("a", (Served("champion", "a", 3, ""),))
    return document.document(document.whole(document.Facts(deployment, package, **more)), "/page/x/", HOSTILE)


def test_what_a_model_says_stays_text():
    html = whole(examples=(Example({HOSTILE.replace('"', ""): HOSTILE}),))
    assert "<b onclick" not in html
    facts = html.split('id="facts">')[1].split("</script>")[0]
    assert json.loads(facts)["signature"]["inputs"][0]["classes"] == [HOSTILE]


def test_what_was_measured_and_where_it_fails_is_told():
    package = Package("a", 3, 0.0, Signature((Field("a", "text"),), OUTPUT), Runtime("onnx"))
    told = replace(package, metrics={"accuracy": 0.96667, "log_loss": 0.111127}, limits=("Blind to ice.",))
    deployment = Deployment("a", (Served("champion", "a", 3, ""),))
    html = document.whole(document.Facts(deployment, told))
    assert "Measured when it was registered: accuracy 0.9667, log_loss 0.1111." in html
    assert "Blind to ice." in html
    assert "Measured" not in document.whole(document.Facts(deployment, package))


def test_the_document_names_no_other_host_and_holds_no_script():
    html = whole(card=True)
    assert html.count("http") == 1, "a namespace, not an address"
    assert html.count("<script") == 2, "one file of our own, and data"
    assert " style=" not in html
    assert 'href="/card"' in html
    assert 'href="/card"' not in whole()


class Shown(Doubling):
    """A package with one example and without a card."""

    def read(self, name):
        if name != "examples.jsonl":
            raise NotFound(name)
        return b'{"inputs": {"a": 1.5}}\n'


def asked(*paths, guard=None, **wanted):
    """(status, headers, body) of each: a path, or (method, path, body, headers...)."""

    async def go():
        async with replica(Shown(), **wanted) as (server, _, port):
            server.guard = guard or server.guard
            client = await Client.to(port)
            answers = []
            for path in paths:
                method, path, body, *headers = path if isinstance(path, tuple) else ("GET", path, b"")  # noqa: PLW2901
                client.ask(body, *headers, method=method, path=path)
                answers.append(await client.answer())
            return answers

    return asyncio.run(go())


@pytest.mark.enable_socket
def test_the_page_its_files_and_its_examples_are_served():
    (status, headers, page), (_, _, examples), (missing, _, told) = asked("/", "/page/examples", "/card")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "script-src 'self'" in headers["content-security-policy"]
    assert json.loads(examples) == [{"inputs": {"a": 1.5}, "targets": {}}]
    assert (missing, json.loads(told)["code"]) == (404, "unknown_path")
    script = page.decode().split('src="')[1].split('"')[0]
    folder = script.rpartition("/")[0]
    (status, headers, _), (_, style, _), (_, old, _), (absent, _, _) = asked(
        script, f"{folder}/page.css", "/page/old/page.js", f"{folder}/../document.py"
    )
    assert (status, headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert "immutable" in headers["cache-control"]
    assert "immutable" in style["cache-control"]
    assert old["cache-control"] == "no-store", "a page of another version of Daybreak may ask for other files"
    assert absent == 404


@pytest.mark.enable_socket
def test_a_deployment_without_a_page():
    ((status, _, told),) = asked("/", page=False)
    assert (status, json.loads(told)["code"]) == (404, "unknown_path")


@pytest.mark.enable_socket
def test_without_a_token_there_is_only_the_gate(tmp_path):
    guard = Guard(Deployment("twice", (), host="0.0.0.0"), Tokens(tmp_path / "tokens.json", "twice"))
    form = ("POST", "/page/card", b"token=dbk_0_0", "content-type: application/x-www-form-urlencoded")
    (status, _, gate), *others = asked("/", "/page/form", "/page/examples", form, "/card", guard=guard)
    assert status == 200
    assert b"asks for a token" in gate
    assert b"twice" not in gate
    assert [status for status, _, _ in others] == [401, 401, 401, 401]
