"""Parts of a card in words, for the page and the terminal; and Markdown as HTML, as far as a card needs it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from daybreak.validation.card.content import Cost, Lineage
from daybreak.validation.page.markup import esc, number, paragraph, tag
from daybreak.validation.waivers import Waiver

LEVELS = {
    "none": "no: trained again it gave other bits",
    "rerun": "yes, trained again from the start",
    "resume": "yes, also frozen and resumed on the way",
    "elastic": "yes, also frozen, resumed and on other numbers of processes",
}


def lineage(told: Lineage) -> Iterator[tuple[str, str]]:
    """What made it."""
    yield "run", f"trial {told.trial} of experiment {told.experiment}, proposed by {told.source}"
    if told.ancestors:
        yield "fork of", ", fork of ".join(told.ancestors)
    yield (
        "trained",
        f"{told.units:,} units in {told.attempts} attempt{'s' if told.attempts != 1 else ''}, seed {told.seed}",
    )
    yield "handed in", f"{_day(told.submitted)}{f' by {told.owner}' if told.owner else ''}"
    if told.command:
        yield "command", " ".join(told.command)
    if told.commit:
        yield "commit", told.commit + (" with uncommitted changes, which were captured" if told.dirty else "")


def environment(told: Mapping[str, Any], determinism: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What it ran in, and whether it was made again."""
    if told:
        yield "Python", f"{told.get('python', '')} on {told.get('platform', '')}"
    machine = told.get("machine", {})
    if cpu := machine.get("cpu"):
        yield "processor", f"{cpu.get('model', '')}, {cpu.get('usable', '')} of {cpu.get('cores', '')} cores"
    for gpu in machine.get("gpus", []):
        yield "GPU", f"{gpu.get('model', '')}, driver {gpu.get('driver', '')}"
    if determinism:
        held = f" (verified up to unit {determinism['units']} of {determinism['of']})"
        yield "same bits", LEVELS[determinism["level"]] + held
    else:
        yield "same bits", "not verified"


def cost(told: Cost) -> Iterator[tuple[str, str]]:
    """Time and money."""
    yield "this trial", f"{_hours(told.trial)}{_money(told.trial, told.price)}"
    yield f"all {told.trials:,} trials", f"{_hours(told.experiment)}{_money(told.experiment, told.price)}"


def waiver(told: Waiver, at: float) -> str:
    """One sentence."""
    if told.revokes:
        return f"A waiver of this was revoked by {told.author}: {told.reason}"
    verb = "answers for this" if told.standing(at) == "in force" else "answered for this"
    return f"{told.author} {verb} until {_day(told.until - 1)}: {told.reason}"


def metrics(values: Mapping[str, float]) -> str:
    """`accuracy 0.93, loss 0.2`."""
    return (
        ", ".join(f"{name} {number(value)}" for name, value in values.items()) or "nothing: it ended before it said so"
    )


def times(count: int) -> str:
    """`once`, `3 times`."""
    return "once" if count == 1 else f"{count:,} times"


def size(count: int) -> str:
    """Bytes as `12 KiB`."""
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:  # noqa: PLR2004
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.3g} {unit}"


def markdown(text: str) -> str:
    """Headings, lists and paragraphs; everything else stands as it was written."""
    parts: list[str] = []
    items: list[str] = []
    for block in text.split("\n\n"):
        for line in _joined(block):
            if line.startswith(("- ", "* ")):
                items.append(tag("li", esc(line[2:])))
                continue
            parts += [tag("ul", "".join(items))] if items else []
            items = []
            parts.append(tag("h3", esc(line.lstrip("# "))) if line.startswith("#") else paragraph(line))
    return "".join(parts + ([tag("ul", "".join(items))] if items else []))


def _joined(block: str) -> Iterator[str]:
    """Lines of one paragraph as one; headings and items of lists stay alone."""
    held = ""
    for line in map(str.strip, block.splitlines()):
        if line.startswith(("#", "- ", "* ")):
            if held:
                yield held
            held = ""
            if line.startswith("#"):
                yield line
                continue
            held = line
        elif line:
            held = f"{held} {line}".strip()
    if held:
        yield held


def _hours(hours: float) -> str:
    return f"{hours:.3g} slot-hours" if hours >= 0.1 else f"{hours * 3600:.3g} slot-seconds"  # noqa: PLR2004


def _money(hours: float, price: float | None) -> str:
    return "" if price is None else f", {hours * price:.4g} at {price:g} a slot-hour"


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
