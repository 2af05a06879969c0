"""HTML in small pieces: attributes and `text` are escaped, children are HTML already."""

import html

VOID = frozenset(("img", "input", "link", "meta"))


def text(said: object) -> str:
    """As HTML."""
    return html.escape(str(said), quote=False)


def element(name: str, /, *children: str, **attributes: object) -> str:
    """An element. Attributes that are None or False are left out, True ones are bare; `for_` is `for`, `data_kind` is `data-kind`."""
    kept = {key: value for key, value in attributes.items() if value is not None and value is not False}
    given = "".join(_attribute(key, value) for key, value in kept.items())
    if name in VOID:
        return f"<{name}{given}>"
    return f"<{name}{given}>{''.join(children)}</{name}>"


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'
