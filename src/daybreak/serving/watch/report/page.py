"""The page of a day: the verdict first, then each version with its alarms, its charts and how good it was."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path

from daybreak.base.errors import DaybreakError
from daybreak.monitoring.drift import Finding
from daybreak.monitoring.policy import Question
from daybreak.monitoring.records import Reference, key
from daybreak.monitoring.reference import from_json
from daybreak.monitoring.window import tracks_of
from daybreak.serving.watch.closed import Closed
from daybreak.serving.watch.report.charts import histogram, line
from daybreak.serving.watch.report.markup import esc, table, tag

CHARTS = 6  # columns of a version that are drawn
MOST = 40  # alarms that are listed
MEANS: dict[Question, str] = {
    "psi": "population stability index",
    "wasserstein": "Wasserstein distance in standard deviations",
    "jensen-shannon": "Jensen-Shannon distance",
    "classes": "share of rows that changed class",
    "missing": "change of the share of missing values",
    "out of range": "share of rows out of range",
    "new values": "share of rows with new values",
}

_TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def page(deployment: str, day: str, windows: Sequence[Closed]) -> str:
    """The report of a day (UTC), of its windows in order."""
    title = f"{deployment}, {day}"
    alarmed = sum(bool(window.alarms) for window in windows)
    head = tag("p", esc("monitoring report, times in UTC"), "soft") + tag("h1", esc(title))
    head += tag("p", _headline(windows, alarmed), "says")
    body = head + "".join(_version(windows_of) for windows_of in _versions(windows)) + _foot()
    style = (files(__package__) / "page.css").read_text(encoding="utf-8")
    return _TEMPLATE.format(title=esc(title), style=style, body=body)


def _headline(windows: Sequence[Closed], alarmed: int) -> str:
    if not windows:
        return "No window was closed on this day: too few requests came, or nothing was served."
    rows = sum(window.verdict.rows for window in windows)
    told = f"{rows:,} rows in {len(windows)} window{'s' if len(windows) > 1 else ''}. "
    if not alarmed:
        return told + tag("b", "Nothing drifted.", "ok")
    return told + tag("b", f"{alarmed} of them raised an alarm.", "drift")


def _versions(windows: Sequence[Closed]) -> list[list[Closed]]:
    ordered = sorted(windows, key=lambda window: (window.arm, window.version, window.until))
    return [list(held) for _, held in groupby(ordered, key=lambda window: (window.arm, window.version))]


def _version(windows: list[Closed]) -> str:
    last = windows[-1]
    skipped = sum(window.skipped for window in windows)
    told = tag("h2", esc(f"{last.model} {last.version} ({last.arm})")) + tag("p", esc(f"last window: {_says(last)}"))
    if skipped:
        told += tag("p", esc(f"{skipped:,} rows were not counted, to leave the processor to requests"), "soft")
    return told + _scores(windows) + _alarms(windows) + _charts(windows)


def _says(window: Closed) -> str:
    if window.verdict.alarms or not window.alarms:
        return window.verdict.says
    return next(iter(window.alarms.values()))


def _scores(windows: list[Closed]) -> str:
    measured = [window.performance for window in windows if window.performance is not None]
    estimates = [(_second(window), window.estimate) for window in windows if window.estimate is not None]
    told = tag("p", esc(f"measured: {measured[-1].says}")) if measured else ""
    if estimates:
        last = estimates[-1][1]
        told += tag("p", esc(f"estimated, not measured: {last.says}"))
        points = [(at, estimate.value) for at, estimate in estimates]
        chart = line(points, None, f"estimated accuracy over the day, {last.value:.3f} at its end", top=1.1)
        told += tag("div", _figure("estimated accuracy", chart, "from the model's confidence"), "charts")
    return told


def _alarms(windows: list[Closed]) -> str:
    rows = [
        [esc(_clock(window.until)), esc(name), esc(says)]
        for window in reversed(windows)
        for name, says in window.alarms.items()
    ]
    if not rows:
        return ""
    more = tag("p", f"and {len(rows) - MOST} more", "soft") if len(rows) > MOST else ""
    return tag("h3", "Alarms") + table(("until", "what", "says"), rows[:MOST]) + more


def _charts(windows: list[Closed]) -> str:
    loudest = Counter[tuple[str, str, str, str]]()
    for window in windows:
        for test in window.verdict.tests:
            if test.effect > 0 and not test.told_only:
                here = _place(test)
                loudest[here] = max(loudest[here], round(1e6 * test.value / test.effect) + 10**9 * test.alarm)
    drawn = [_chart(windows, place) for place, _ in _once(loudest.most_common())]
    return tag("h3", "Columns that differ most") + tag("div", "".join(drawn), "charts") if drawn else ""


def _once(ordered: list[tuple[tuple[str, str, str, str], int]]) -> list[tuple[tuple[str, str, str, str], int]]:
    """The loudest question of each track, for as many tracks as are drawn."""
    seen: dict[tuple[str, str, str], tuple[tuple[str, str, str, str], int]] = {}
    for place, loud in ordered:
        seen.setdefault(place[:3], (place, loud))
    return list(seen.values())[:CHARTS]


def _chart(windows: list[Closed], place: tuple[str, str, str, str]) -> str:
    found = [(window, test) for window in windows for test in window.verdict.tests if _place(test) == place]
    last = found[-1][1]
    points = [(_second(window), test.value) for window, test in found]
    caption = f"{MEANS[last.question]} of {len(points)} windows; the dashed line is the least that matters"
    drawn = line(points, last.effect, f"{last.question} of {last.name} over the day, {last.value:.3g} at its end")
    return _figure(f"{last.side} {last.name}", drawn, caption) + _compared(windows, place)


def _compared(windows: list[Closed], place: tuple[str, str, str, str]) -> str:
    """The histogram of the last window whose counts were kept."""
    kept = next((window for window in reversed(windows) if window.window is not None), None)
    reference = _reference(kept.package) if kept is not None else None
    if kept is None or kept.window is None or reference is None:
        return ""
    side, column, track, _ = place
    name = key("output" if side == "output" else "input", column, track)
    described, counted = tracks_of(reference).get(name), kept.window.tracks.get(name)
    if described is None or counted is None:
        return ""
    label = f"{column} {track}: shares in the reference and in the window until {_clock(kept.until)}"
    drawn = histogram(described[2], counted, label)
    return _figure(
        f"{side} {column}{': ' if track else ''}{track}",
        drawn,
        f"grey: reference; colour: the window until {_clock(kept.until)}",
    )


@cache
def _reference(package: str) -> Reference | None:
    try:
        return from_json((Path(package) / "reference.json").read_bytes())
    except (OSError, DaybreakError):
        return None


def _place(test: Finding) -> tuple[str, str, str, str]:
    return test.side, test.column, test.track, test.question


def _figure(title: str, content: str, caption: str) -> str:
    return tag("figure", tag("h3", esc(title)) + content + tag("figcaption", esc(caption)))


def _second(window: Closed) -> float:
    return window.until % 86_400


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M")


def _foot() -> str:
    says = (
        "An alarm needs an effect that matters and more than chance gives (corrected over all columns of a window). Drift says that rows "
        "differ from those of the evaluation set, not that the model is wrong; an estimated accuracy is blind to a change of what is true."
    )
    return tag("footer", tag("p", esc(says), "soft"))
