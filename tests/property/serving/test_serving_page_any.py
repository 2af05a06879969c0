"""Any signature makes a page that HTML parsers read as it was meant: a labelled control for each input, and the facts whole."""

import json
from html.parser import HTMLParser

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from daybreak.registry.package import Package, Runtime
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.page import document
from daybreak.serving.page.elements import VOID
from daybreak.serving.page.examples import Example
from daybreak.testing.signatures import rows, signatures


class Read(HTMLParser):
    """Which fields have controls, which ids are named and meant, and whether elements are nested."""

    def __init__(self, html):
        super().__init__()
        self.fields, self.ids, self.meant, self.open, self.facts = [], [], [], [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        if tag not in VOID and tag != "!doctype":
            self.open.append((tag, told.get("id")))
        if "data-field" in told:
            self.fields.append((told["data-field"], told["data-kind"]))
        if "id" in told:
            self.ids.append(told["id"])
        for name in ("for", "aria-describedby", "aria-labelledby", "list"):
            self.meant += (told.get(name) or "").split()

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == ("script", "facts"):
            self.facts += data


@given(st.data())
def test_any_signature(data):
    signature = data.draw(signatures(media=True))
    examples = tuple(Example(data.draw(rows(signature))) for _ in range(2))
    package = Package("any", 1, 0.0, signature, Runtime("onnx"))
    deployment = Deployment("any", (Served("champion", "any", 1, ""),))
    read = Read(document.document(document.whole(document.Facts(deployment, package, examples)), "/page/x/", "any"))
    assert read.open == []
    assert read.fields == [(field.name, field.kind) for field in signature.inputs]
    assert len(set(read.ids)) == len(read.ids)
    assert set(read.meant) <= set(read.ids)
    assert msgspec.convert(json.loads(read.facts)["signature"], type(signature)) == signature
