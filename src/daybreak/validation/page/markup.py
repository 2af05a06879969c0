"""HTML in small pieces: text is escaped by whoever puts it in, so nothing of the data is ever read as markup."""

import html
from collections.abc import Iterable


def esc(text: object) -> str:
    """Text as HTML."""
    return html.escape(str(text))


def tag(name: str, content: str, css: str = "", **attributes: str) -> str:
    """An element. `content` is HTML; attribute values are escaped here."""
    given = ({"class": css} if css else {}) | attributes
    told = "".join(f' {key}="{esc(value)}"' for key, value in given.items())
    return f"<{name}{told}>{content}</{name}>"


def paragraph(text: str, css: str = "") -> str:
    """A paragraph of plain text; nothing for no text."""
    return tag("p", esc(text), css) if text else ""


def row(cells: Iterable[str], name: str = "td") -> str:
    """A table row of HTML cells."""
    return tag("tr", "".join(tag(name, cell) for cell in cells))


def number(value: object) -> str:
    """A number as people write it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
