"""Pairs side by side: pictures, sounds with their spectrograms, texts with what differs marked, rows with what is equal shaded."""

from difflib import SequenceMatcher

from daybreak.audit.outcome import Finding, Pair, Row
from daybreak.validation.page.markup import esc, row, tag

MOST_WORDS = 400  # of a text that is compared word by word
MOST_COLUMNS = 40


def gallery(finding: Finding) -> str:
    """The pairs of a finding, the left from train, the right from test."""
    return tag("div", "".join(_pair(pair) for pair in finding.pairs), "pairs") if finding.pairs else ""


def _pair(pair: Pair) -> str:
    note = f"{pair.similarity:.1%} alike" if pair.similarity < 1 else "the same"
    told = tag("figcaption", esc(f"{note}{f', {pair.note}' if pair.note else ''}"))
    if _is_media(pair.left) or _is_media(pair.right):
        body = tag("div", _media(pair.left) + _media(pair.right), "two")
    elif len(pair.left.shown) == 1 and set(pair.left.shown) == set(pair.right.shown):
        body = tag("div", _text(pair.left, pair.right) + _text(pair.right, pair.left), "two")
    else:
        body = _cells(pair)
    return tag("figure", body + told)


def _head(one: Row) -> str:
    return tag("b", esc(one.side)) + " " + tag("span", esc(one.name or f"row {one.position:,}"), "soft")


def _is_media(one: Row) -> bool:
    return any(value.startswith("data:") for value in one.shown.values())


def _media(one: Row) -> str:
    parts = [_head(one)]
    for name, value in one.shown.items():
        if value.startswith("data:image/"):
            parts.append(f'<img src="{esc(value)}" alt="{esc(f"{one.side} {one.name or one.position}")}">')
        elif value.startswith("data:audio/"):
            parts.append(f'<audio controls preload="none" src="{esc(value)}"></audio>')
        elif not name.startswith("@"):
            parts.append(tag("p", f"{esc(name)}: {esc(value)}", "soft"))
    return tag("div", "".join(parts), "half")


def _text(one: Row, other: Row) -> str:
    (mine,), (theirs,) = one.shown.values(), other.shown.values()
    return tag("div", _head(one) + tag("blockquote", _marked(mine, theirs)), "half")


def _marked(mine: str, theirs: str) -> str:
    """The words of a text; those that the other has not are marked."""
    words, others = mine.split(), theirs.split()
    if max(len(words), len(others)) > MOST_WORDS:
        words, others = words[:MOST_WORDS], others[:MOST_WORDS]
    parts = []
    for how, start, end, _, _ in SequenceMatcher(None, words, others, autojunk=False).get_opcodes():
        piece = esc(" ".join(words[start:end]))
        if piece:
            parts.append(piece if how == "equal" else tag("mark", piece))
    return " ".join(parts)


def _cells(pair: Pair) -> str:
    names = list(dict.fromkeys([*pair.left.shown, *pair.right.shown]))
    kept = names[:MOST_COLUMNS]
    rest = f" and {len(names) - MOST_COLUMNS} more columns" if len(names) > MOST_COLUMNS else ""
    head = row(["", *map(esc, kept)], "th")
    left, right = ([esc(one.shown.get(name, "")) for name in kept] for one in (pair.left, pair.right))
    differing = [a != b for a, b in zip(left, right, strict=True)]
    lines = [
        row([_head(one), *(tag("mark", cell) if other else cell for cell, other in zip(cells, differing, strict=True))])
        for one, cells in ((pair.left, left), (pair.right, right))
    ]
    return tag("div", tag("table", head + "".join(lines)) + esc(rest), "scroll")
