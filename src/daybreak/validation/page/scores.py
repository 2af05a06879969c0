"""The score with and without the overlap, as bars with their intervals."""

from daybreak.audit.scores import Interval, Rescore, Scored
from daybreak.validation.page.markup import esc, paragraph, row, tag

PARTS = (("all", "all test rows"), ("overlapping", "rows that overlap"), ("clean", "clean rows"))
LEFT, WIDTH, STEP, HEIGHT = 250, 430, 22, 13  # px
BOUNDED = {"accuracy", "balanced_accuracy", "auc"}


def chart(rescore: Rescore) -> str:
    """A section with the effect in one sentence and, per model, a bar for each part by its first metric; the others in numbers."""
    title = "The score, with and without the overlap" if rescore.overlapping_rows else "What a score here has to beat"
    first: dict[str, Scored] = {}
    for one in rescore.scored:
        first.setdefault(one.model, one)
    bars = "".join(_model(one, _scale(one)) for one in first.values())
    others = [one for one in rescore.scored if one is not first[one.model]]
    return tag("section", tag("h2", title) + paragraph(rescore.says, "says") + bars + _others(others))


def _others(scored: list[Scored]) -> str:
    if not scored:
        return ""
    lines = (
        row([esc(one.model), esc(_metric(one)), *(_told(getattr(one, name)) for name, _ in PARTS)]) for one in scored
    )
    head = row(["model", "metric", *(label for _, label in PARTS)], "th")
    return tag("details", tag("summary", "by other metrics") + tag("table", head + "".join(lines)))


def _told(score: Interval | None) -> str:
    return "" if score is None else f"{score.value:.3f} ({score.low:.3f} to {score.high:.3f})"


def _metric(scored: Scored) -> str:
    return scored.metric.replace("_", " ")


def _scale(scored: Scored) -> tuple[float, float]:
    """The values at both ends of the axis."""
    if scored.metric in BOUNDED:
        return 0.0, 1.0
    shown = [one for name, _ in PARTS if (one := getattr(scored, name)) is not None]
    low, high = min(0.0, *(one.low for one in shown)), max(one.high for one in shown)
    return low, high if high > low else low + 1.0


def _model(scored: Scored, scale: tuple[float, float]) -> str:
    shown = [(name, label, one) for name, label in PARTS if (one := getattr(scored, name)) is not None]
    lines = "".join(_bar(place, name, label, one, scale) for place, (name, label, one) in enumerate(shown))
    height = STEP * len(shown) + 4
    drawn = tag("svg", lines, viewBox=f"0 0 {LEFT + WIDTH + 190} {height}", role="img")
    who = f"{scored.model} (fitted by the audit)" if scored.fitted_here else scored.model
    return tag("h3", f"{esc(who)} {tag('small', esc(_metric(scored)))}") + drawn


def _bar(place: int, name: str, label: str, score: Interval, scale: tuple[float, float]) -> str:
    y = place * STEP + 3
    zero, end, low, high = (_x(value, scale) for value in (max(0.0, scale[0]), score.value, score.low, score.high))
    middle = y + HEIGHT / 2
    told = _told(score)
    return (
        f'<text x="{LEFT - 8}" y="{y + 11}" text-anchor="end">{esc(label)}, {score.rows:,}</text>'
        f'<rect class="bar {name}" x="{min(zero, end):.1f}" y="{y}" width="{abs(end - zero):.1f}" height="{HEIGHT}" rx="3"/>'
        f'<path class="whisker" d="M{low:.1f} {middle}H{high:.1f}"/>'
        f'<text class="value" x="{max(high, end, zero) + 8:.1f}" y="{y + 11}">{esc(told)}</text>'
    )


def _x(value: float, scale: tuple[float, float]) -> float:
    low, high = scale
    return LEFT + WIDTH * (min(max(value, low), high) - low) / (high - low)
