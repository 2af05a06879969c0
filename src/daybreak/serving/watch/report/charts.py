"""Charts as inline SVG: a line over the day, and two histograms set side by side. Each says in words what it shows."""

from collections.abc import Sequence

import numpy as np

from daybreak.monitoring.records import Classes, Counted, Numbers
from daybreak.serving.watch.report.markup import esc, tag

WIDTH, HEIGHT = 440, 130
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 8, 22
DAY = 86_400.0
BARS = 12


def line(points: Sequence[tuple[float, float]], cut: float | None, label: str, *, top: float | None = None) -> str:
    """Values over a day. `points`: (seconds since its midnight, value); `cut`: a level that is drawn, too."""
    most = max([value for _, value in points] + ([cut] if cut is not None else []) + [1e-9]) * 1.1
    most = top if top is not None else most
    placed = [(_x(at / DAY), _y(value / most)) for at, value in points]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
    drawn = tag("path", "", "line", d=path) + "".join(
        tag("circle", "", "dot", cx=f"{x:.1f}", cy=f"{y:.1f}", r=2.5) for x, y in placed
    )
    if cut is not None and cut <= most:
        y = _y(cut / most)
        drawn += tag("line", "", "cut", x1=LEFT, x2=WIDTH - RIGHT, y1=f"{y:.1f}", y2=f"{y:.1f}")
    hours = "".join(_text(_x(hour / 24), HEIGHT - 6, f"{hour}:00") for hour in (0, 6, 12, 18))
    return _svg(drawn + hours + _scale(most), label)


def histogram(track: Numbers | Classes, counted: Counted, label: str) -> str:
    """Shares of the reference (grey) and of a window (colour), side by side."""
    names, before, now = _shares(track, counted)
    most = max([*before, *now, 1e-9]) * 1.1
    step = (WIDTH - LEFT - RIGHT) / len(names)
    drawn = ""
    for i, (name, a, b) in enumerate(zip(names, before, now, strict=True)):
        x, wide = LEFT + i * step, step * 0.38
        drawn += _bar(x + step * 0.1, a / most, wide, "before", f"{name}: {100 * a:.1f} % in the reference")
        drawn += _bar(x + step * 0.5, b / most, wide, "now", f"{name}: {100 * b:.1f} % in the window")
        if len(names) <= 6 or i % 3 == 0:  # noqa: PLR2004 (labels that have room)
            drawn += _text(x + step / 2, HEIGHT - 6, name[:10])
    return _svg(drawn + _scale(most, percent=True), label)


def _shares(track: Numbers | Classes, counted: Counted) -> tuple[list[str], list[float], list[float]]:
    if isinstance(track, Numbers):
        return _of_numbers(track, counted)
    names = [*track.values, *counted.new]
    before = np.array([*track.counts, *(0 for _ in counted.new)], float)
    now = np.array([*counted.bins[: len(track.values)], *counted.new.values()], float)
    order = np.argsort(-(before / max(before.sum(), 1) + now / max(now.sum(), 1)), kind="stable")[:BARS]
    return [names[i] for i in order], _normal(before)[order].tolist(), _normal(now)[order].tolist()


def _of_numbers(track: Numbers, counted: Counted) -> tuple[list[str], list[float], list[float]]:
    """Bins of equal width between the 1 % and 99 % quantiles: fine bins of equal share say nothing to the eye."""
    edges = np.array(track.edges)
    low, high = track.quantiles[1], track.quantiles[-2]
    low, high = (low, high) if high > low else (edges[0], edges[-1])
    grid = np.linspace(low, high, BARS - 1)
    sides = []
    for bins in ([0, *track.counts, 0], counted.bins):
        ends = np.cumsum(bins[:-1]) / max(sum(bins), 1)
        below = np.interp(grid, edges, ends)
        sides.append(np.diff(np.concatenate([[0.0], below, [1.0]])).tolist())
    names = [f"< {grid[0]:.3g}", *(f"{a:.3g}" for a in grid[:-1]), f"> {grid[-1]:.3g}"]
    return names, sides[0], sides[1]


def _normal(counts: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return counts / max(float(counts.sum()), 1.0)


def _bar(x: float, share: float, wide: float, css: str, title: str) -> str:
    y = _y(share)
    return tag(
        "rect",
        tag("title", esc(title)),
        css,
        x=f"{x:.1f}",
        y=f"{y:.1f}",
        width=f"{wide:.1f}",
        height=f"{HEIGHT - BOTTOM - y:.1f}",
    )


def _scale(most: float, *, percent: bool = False) -> str:
    told = [(f"{100 * value:.0f} %" if percent else f"{value:.3g}", value / most) for value in (0.0, most / 1.1)]
    texts = "".join(_text(LEFT - 6, _y(share) + 4, name, "end") for name, share in told)
    return texts + tag("line", "", "axis", x1=LEFT, x2=WIDTH - RIGHT, y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM)


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return tag("text", esc(text), x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)


def _x(share: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(max(share, 0.0), 1.0)


def _y(share: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(max(share, 0.0), 1.0))


def _svg(content: str, label: str) -> str:
    return tag("svg", content, role="img", viewBox=f"0 0 {WIDTH} {HEIGHT}", aria_label=label)
