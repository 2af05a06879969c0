"""The page as one document: head, form, room for the answer, and how the deployment stands. Everything of the model is escaped.

document(whole(facts))      # who may look
document(GATE)              # who has to show a token first; the script then asks for `whole` with it
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from daybreak.registry.package import Package
from daybreak.serving.deployment import Deployment
from daybreak.serving.page.controls import control
from daybreak.serving.page.elements import element, text
from daybreak.serving.page.examples import Example, buttons, longest
from daybreak.signature.media import PICTURES

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cpath d='M4 22a12 12 0 0 1 24 0z' "
    "fill='%23c2410c'/%3E%3Cpath d='M2 26h28' stroke='%23c2410c' stroke-width='3'/%3E%3C/svg%3E"
)
COLUMNS = 8  # inputs beyond which a form has several beside each other

_TOKEN = element(
    "input",
    type="password",
    id="token",
    autocomplete="off",
    spellcheck="false",
    required=True,
    aria_describedby="token-problem",
)
_TOLD = (
    "Whoever runs it gave you one, which begins with <code>dbk_</code>. This tab alone keeps it, until it is closed."
)
GATE = element(
    "form",
    element("h1", "This model asks for a token"),
    element("p", _TOLD),
    element("div", element("label", element("span", "Token", class_="name"), for_="token"), _TOKEN, class_="field"),
    element("p", id="token-problem", class_="problem", role="alert"),
    element("button", "Open", type="submit", class_="main"),
    id="gate",
    class_="gate",
)


class Facts(msgspec.Struct, frozen=True):
    """What the page is made of: the champion's package, whether it has a card, its first examples."""

    deployment: Deployment
    package: Package
    examples: tuple[Example, ...] = ()
    card: bool = False


def document(inside: str, script: str, title: str = "Daybreak") -> str:
    """The document around the page or the gate. `script`: where script and style are served from."""
    head = (
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", text(title)),
        element("link", rel="icon", href=ICON),
        element("link", rel="stylesheet", href=f"{script}page.css"),
        element("script", type="module", src=f"{script}page.js"),
    )
    body = element("div", inside, id="page")
    noscript = element("noscript", element("p", "This page needs JavaScript; the model answers POST /predict, too."))
    html = element("html", element("head", *head), element("body", body, noscript), lang="en")
    return f"<!doctype html>\n{html}\n"


def whole(facts: Facts) -> str:
    """The page itself."""
    return "".join((_head(facts), element("main", _ask(facts), _answer(), class_="desk"), _foot(), _data(facts)))


def _head(facts: Facts) -> str:
    package = facts.package
    card = element("a", "Model card", href="/card", id="card", target="_blank") if facts.card else ""
    links = element(
        "nav", card, element("a", "API", href="/openapi.json", id="api", target="_blank"), aria_label="about"
    )
    told = element("span", f"version {package.version}", class_="version", id="version")
    said = [package.description, _measured(package), *package.limits]
    about = "".join(element("p", text(one), class_="about") for one in said if one)
    skip = element("a", "Skip to the form", href="#form", class_="skip")
    title = element("div", element("h1", text(package.name)), told, class_="title")
    return element("header", skip, title, links, about)


def _measured(package: Package) -> str:
    told = ", ".join(f"{name} {value:.4g}" for name, value in package.metrics.items())
    return f"Measured when it was registered: {told}." if told else ""


def _ask(facts: Facts) -> str:
    choices = (("one", "One"), ("many", "Many rows"))
    modes = [
        element("label", element("input", type="radio", name="mode", value=value, checked=value == "one"), told)
        for value, told in choices
    ]
    which = element("fieldset", element("legend", "How many", class_="hidden"), *modes, class_="modes")
    one = element("div", _examples(facts), _form(facts), id="one")
    return element("section", which, one, _table(facts), aria_label="what to ask", class_="sheet ask")


def _examples(facts: Facts) -> str:
    if not facts.examples:
        return ""
    named = element("h2", "Try one", id="try")
    made = buttons(facts.package.signature, facts.examples)
    return element("section", named, made, aria_labelledby="try", class_="try")


def _form(facts: Facts) -> str:
    inputs = facts.package.signature.inputs
    fields = [control(field, place, longest(field, facts.examples)) for place, field in enumerate(inputs)]
    send = element("button", "Ask the model", type="submit", class_="main")
    clear = element("button", "Start over", type="reset", class_="quiet")
    return element(
        "form",
        element("div", *fields, class_="fields wide" if len(fields) > COLUMNS else "fields"),
        element("p", id="problem", class_="problem", role="alert"),
        element("div", send, clear, class_="tools"),
        id="form",
        novalidate=True,
    )


def _table(facts: Facts) -> str:
    inputs = facts.package.signature.inputs
    pictures = " or pictures" if [field.kind for field in inputs] == ["image"] else ""
    names = ", ".join(field.name for field in inputs[:12])
    hint = f"CSV, or one JSON object a line{pictures}; {'columns' if len(inputs) > 1 else 'column'} {names}. "
    hint += "Others stay beside the answers, and one that is named like an output is compared."
    file = element("input", type="file", id="file", multiple=bool(pictures), aria_describedby="table-hint")
    send = element("button", "Ask for all", type="button", class_="main", id="all")
    stop = element("button", "Stop", type="button", class_="quiet", id="stop", hidden=True)
    return element(
        "div",
        _labelled(
            "File of rows",
            "file",
            element("div", file, class_="drop", data_drop=True),
            element("p", text(hint), class_="hint", id="table-hint"),
        ),
        _labelled(
            "or paste a table; its first line names the columns",
            "paste",
            element("textarea", rows=6, id="paste", spellcheck="false", class_="numbers"),
        ),
        element("p", id="table-problem", class_="problem", role="alert"),
        element("div", send, stop, class_="tools"),
        id="many",
        hidden=True,
    )


def _labelled(told: str, name: str, *control: str) -> str:
    return element("div", element("label", element("span", told, class_="name"), for_=name), *control, class_="field")


def _answer() -> str:
    empty = element("p", "The answer appears here.", class_="empty")
    return element(
        "section",
        element("h2", "Answer", class_="hidden"),
        element("div", empty, id="answer", aria_live="polite"),
        element("p", id="told", class_="told"),
        element("div", id="judge"),
        class_="sheet answer",
        aria_label="the answer",
    )


def _foot() -> str:
    copy = element("button", "Copy", type="button", class_="quiet", id="copy")
    shown = element("div", element("pre", id="curl", tabindex="0"), copy, class_="code")
    code = element("details", element("summary", "The same from a program"), shown)
    parts = (("Is it still as in training?", "drift"), ("Versions that are compared", "ab"))
    sheets = [
        element("section", element("h2", told), element("div", id=name), class_="sheet", hidden=True)
        for told, name in parts
    ]
    return element("footer", code, *sheets)


def _data(facts: Facts) -> str:
    split, package = facts.deployment.split, facts.package
    kind, _, header = ("" if split is None else split.unit).partition(":")
    told: dict[str, Any] = {
        "model": package.name,
        "version": str(package.version),
        "signature": package.signature,
        "arms": [served.arm for served in facts.deployment.served],
        "unit": header if kind == "header" else "",
        "rows": facts.deployment.limits.rows,
        "body": facts.deployment.limits.body,
        "pictures": [f"image/{kind.lower()}" for kind in PICTURES],
    }
    return element("script", _embedded(told), type="application/json", id="facts")


def _embedded(told: Any) -> str:
    """JSON that no HTML parser reads as an end of the element around it."""
    return msgspec.json.encode(told).decode().replace("<", "\\u003c")


def examples_told(examples: Sequence[Example]) -> bytes:
    """All of them, as the script asks for them."""
    return msgspec.json.encode(examples)
