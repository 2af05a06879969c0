"""HTML and SVG in small pieces. Text is escaped by whoever puts it in: nothing of the data is ever read as markup."""

import html
from collections.abc import Iterable


def esc(text: object) -> str:
    """Text as HTML."""
    return html.escape(str(text))


def tag(name: str, content: str = "", css: str = "", **attributes: object) -> str:
    """An element of HTML content; attribute values are escaped, `_` in their names is `-`."""
    given = ({"class": css} if css else {}) | attributes
    told = "".join(f' {key.replace("_", "-")}="{esc(value)}"' for key, value in given.items())
    return f"<{name}{told}>{content}</{name}>"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of HTML cells; `heads` are plain text."""
    top = tag("tr", "".join(tag("th", esc(head), scope="col") for head in heads))
    body = "".join(tag("tr", "".join(tag("td", cell) for cell in row)) for row in rows)
    return tag("div", tag("table", tag("thead", top) + tag("tbody", body)), "scroll")
