"""One control for each input of a signature, with its label, what it takes, and room for what is wrong with it.

The script finds a control by `data-field` and reads it as `data-kind` says; nothing here depends on the script.
"""

from math import ceil, floor, log10

from daybreak.serving.page.elements import element, text
from daybreak.serving.page.shapes import grid, span
from daybreak.signature.fields import Field

LISTED = 200  # classes that a list of choices has; beyond it, suggestions while typing
LINE = 60  # characters up to which examples make a text one of a single line
FEWEST, MOST = 4, 12  # lines of longer ones
PICTURES = "image/*"
SOUNDS = "audio/*,.wav,.flac,.ogg"


def control(field: Field, place: int, longest: int) -> str:
    """The whole control of the input at `place`. `longest`: characters of the longest example, where it is a text."""
    name = f"in-{place}"
    made = {
        "number": _number,
        "integer": _number,
        "boolean": _boolean,
        "category": _category,
        "image": _image,
        "audio": _audio,
        "tensor": _tensor,
    }
    body = _text(name, longest) if field.kind == "text" else made[field.kind](field, name)
    drawn = grid(field)
    return element(
        "div",
        _label(field, name),
        body,
        element("p", text(_hint(field)), id=f"{name}-hint", class_="hint"),
        element("p", id=f"{name}-problem", class_="problem"),
        class_="field",
        data_field=field.name,
        data_kind=field.kind,
        data_place=place,
        data_grid=None if drawn is None else f"{drawn[0]} {drawn[1]}",
    )


def _label(field: Field, name: str) -> str:
    unit = element("span", text(field.unit), class_="unit") if field.unit else ""
    left = element("span", "may be left out", class_="unit") if field.optional or field.nullable else ""
    return element("label", element("span", text(field.name), class_="name"), unit, left, for_=name)


def _hint(field: Field) -> str:
    ranged = field.kind in ("number", "integer", "tensor")
    seen = span(field) if ranged else ""
    told = [field.description, seen and (seen if field.strict else f"{seen} in training")]
    if field.kind == "tensor":
        sizes = " by ".join("any" if size is None else str(size) for size in field.shape)
        told.insert(1, f"{sizes} numbers")
    if field.kind == "audio" and field.rate:
        told.append(f"heard at {field.rate:,} samples a second")
    return " · ".join(filter(None, told))


def _described(name: str) -> dict[str, object]:
    return {"id": name, "name": name, "aria_describedby": f"{name}-hint {name}-problem"}


def _number(field: Field, name: str) -> str:
    whole = field.kind == "integer"
    typed = element(
        "input",
        type="text",
        inputmode=None if field.low is None or field.low < 0 else "numeric" if whole else "decimal",
        autocomplete="off",
        **_described(name),
    )
    if field.low is None or field.high is None or not field.low < field.high:
        return typed
    return element("div", typed, _slider(field.name, field.low, field.high, 1.0 if whole else 0.0), class_="ranged")


def _slider(name: str, low: float, high: float, least: float) -> str:
    """Beside a box that takes the same, so that the keyboard passes it by. `least`: of a step."""
    step = max(least, 10.0 ** floor(log10((high - low) / 100)))
    return element(
        "input",
        type="range",
        min=f"{ceil(low / step) * step:.12g}",  # round numbers, inside the range
        max=f"{floor(high / step) * step:.12g}",
        step=f"{step:g}",
        tabindex="-1",
        aria_label=f"{name}, by sliding",
        class_="unset",
    )


def _boolean(field: Field, name: str) -> str:
    if field.optional or field.nullable:
        choices = (("", "not known"), ("true", "yes"), ("false", "no"))
        return element("select", *(_option(value, told) for value, told in choices), **_described(name))
    box = element("input", type="checkbox", **_described(name))
    return element("span", box, element("span", "yes", aria_hidden="true"), class_="check")


def _category(field: Field, name: str) -> str:
    if not 0 < len(field.classes) <= LISTED:
        listed = f"{name}-list" if field.classes else None
        typed = element("input", type="text", autocomplete="off", list=listed, **_described(name))
        words = [_option(word, "") for word in field.classes]
        return typed + (element("datalist", *words, id=listed) if listed else "")
    empty = "not known" if field.optional or field.nullable else "choose…"
    return element("select", _option("", empty), *(_option(word, word) for word in field.classes), **_described(name))


def _option(value: str, told: str) -> str:
    return element("option", text(told), value=value)


def _text(name: str, longest: int) -> str:
    if 0 < longest <= LINE:
        return element("input", type="text", autocomplete="off", **_described(name))
    rows = min(max(FEWEST, ceil(longest / LINE) + 2), MOST)
    return element("textarea", rows=rows, **_described(name))


def _image(field: Field, name: str) -> str:
    chosen = element("input", type="file", accept=PICTURES, class_="file", **_described(name))
    pad = _pad(field) if grid(field) else ""
    shown = element("img", alt=f"the picture for {field.name}", class_="shown", hidden=True)
    drop = element(
        "div", shown, element("span", "Drop or paste a picture here", class_="invite"), class_="drop", data_drop=True
    )
    choose = element("div", chosen, _button("camera", "Camera"), _button("clear", "Clear"), class_="tools")
    camera = element("video", muted=True, playsinline=True, hidden=True, aria_label="what the camera sees")
    if not pad:
        return drop + camera + choose
    return pad + element("details", element("summary", "or choose a picture"), drop + camera + choose)


def _pad(field: Field) -> str:
    """A canvas to draw on, and what the model gets of it."""
    rows, columns = grid(field) or (0, 0)
    canvas = element(
        "canvas",
        class_="pad",
        width=280 * columns // max(rows, columns),
        height=280 * rows // max(rows, columns),
        tabindex="0",
        role="application",
        aria_roledescription="drawing pad",
        aria_label=f"{field.name}: draw with a pointer, or with arrow keys; space lifts the pen and sets it down",
    )
    seen = element("canvas", width=columns, height=rows, class_="seen", role="img", aria_label="what the model sees")
    paper = element("div", canvas, element("span", class_="pen", hidden=True), class_="paper")
    aside = element(
        "div", seen, element("span", "as the model sees it", class_="hint"), _button("wipe", "Clear"), class_="tools"
    )
    return element("div", paper, aside, class_="drawing")


def _audio(field: Field, name: str) -> str:
    chosen = element("input", type="file", accept=SOUNDS, class_="file", **_described(name))
    wave = element("canvas", width=600, height=96, class_="wave", role="img", aria_label="no recording yet")
    player = element("audio", controls=True, aria_label=f"play {field.name}")
    record = _button("record", "Record")
    tools = element("div", record, chosen, class_="tools")
    return element("div", wave, player, tools, class_="sound", data_rate=field.rate or 16_000, data_drop=True)


def _tensor(field: Field, name: str) -> str:
    pasted = element(
        "textarea",
        rows=4,
        spellcheck="false",
        placeholder="numbers, with spaces, commas or lines between",
        class_="numbers",
        **_described(name),
    )
    if not grid(field):
        return pasted
    return _pad(field) + element("details", element("summary", "or paste numbers"), pasted)


def _button(does: str, told: str) -> str:
    return element("button", told, type="button", class_="quiet", data_do=does)
