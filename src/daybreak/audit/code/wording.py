"""Leaks as findings: grouped, worded, with the lines that they speak of."""

from collections.abc import Callable, Mapping, Sequence

from daybreak.audit.code.machine import Leak
from daybreak.audit.code.rules import WORDINGS, Wording
from daybreak.audit.code.values import Site
from daybreak.audit.outcome import Finding, Place

MOST_LINES = 20
Locate = Callable[[str, int], tuple[str, int]]
_MILD = " Rows that were set aside before that are not touched by it: only choices made on this split are."


def findings(
    leaks: Sequence[Leak], targets: set[str], lines: Mapping[str, Sequence[str]], locate: Locate
) -> tuple[Finding, ...]:
    """One finding for each rule and split, in the order of their lines."""
    groups: dict[tuple[str, Site | None, bool], list[Leak]] = {}
    seen: set[tuple[str, Site]] = set()
    for leak in leaks:
        named = _named(leak, targets)
        if named is None or (named.rule, named.leak) in seen:
            continue
        seen.add((named.rule, named.leak))
        groups.setdefault((named.rule, named.split, named.mild), []).append(named)
    found = [_finding(group, lines, locate) for group in groups.values()]
    return tuple(sorted(found, key=lambda each: (each.places[0].file, each.places[0].line, each.rule)))


def _named(leak: Leak, targets: set[str]) -> Leak | None:
    """The leak under its final name; None where only the target itself was touched."""
    only_target = leak.columns is not None and leak.columns and leak.columns <= targets
    if leak.kind in {"fit", "statistics", "vocabulary"} and only_target:
        return None
    if leak.kind == "statistics" and leak.of & targets and leak.what.startswith("groupby"):
        leak = leak._replace(rule="target_encoding_before_split")
    elif leak.what.startswith("groupby id"):  # within one entity
        return None
    return leak._replace(what=leak.what.replace("groupby id", "groupby"))


def _finding(group: list[Leak], lines: Mapping[str, Sequence[str]], locate: Locate) -> Finding:
    first = group[0]
    wording = WORDINGS[first.rule]
    places = [_place(first.leak, wording.leaks, lines, locate)]
    if first.split:
        places.append(_place(first.split, wording.splits, lines, locate))
    places += [_place(leak.leak, wording.leaks, lines, locate) for leak in group[1:MOST_LINES]]
    names = list(dict.fromkeys(leak.what for leak in group if leak.what))
    several = len(names) > 1
    words = {
        "what": _listed(names) or "The model",
        "be": "are" if several else "is",
        "learn": "learn" if several else "learns",
        "at": _at(places[0]),
        "split": _at(places[1]) if first.split else "later",
    }
    what = wording.what.format(**words)
    if len(group) > 1:
        what += f" The same happens on {len(group) - 1} more lines."
    return Finding(
        rule=f"code.{first.rule}",
        severity="info" if first.mild else wording.severity,
        what=what,
        sure="moderate" if first.mild else wording.sure,
        because="It was read in the code; nothing was run.",
        matters=wording.matters + (_MILD if first.mild else ""),
        advice=_advice(wording, names),
        subject=f"{places[0].file}:{places[0].text}",
        files=tuple(dict.fromkeys(place.file for place in places)),
        places=tuple(places),
        measured={"lines": len(group)},
    )


def _advice(wording: Wording, names: list[str]) -> str:
    name = names[0] if names and names[0].isidentifier() and names[0][:1].isupper() else "StandardScaler"
    return wording.advice.replace("{what}", name)


def _listed(names: list[str]) -> str:
    if len(names) > 3:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _place(site: Site, says: str, lines: Mapping[str, Sequence[str]], locate: Locate) -> Place:
    file, line = locate(site.file, site.line)
    source = lines.get(site.file, ())
    text = source[site.line - 1].strip() if 0 < site.line <= len(source) else ""
    return Place(file, line, site.column, says, text[:200])


def _at(place: Place) -> str:
    return f"{place.file} line {place.line}"
