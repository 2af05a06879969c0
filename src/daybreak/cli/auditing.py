"""How audits are shown on a terminal: the verdict, findings, the score on the clean part, and what was asked."""

from textwrap import shorten

from rich.padding import Padding
from rich.text import Text

from daybreak.audit.outcome import Finding, Row
from daybreak.audit.scores import Interval, Rescore, Scored
from daybreak.cli.output import console, duration, number, styled, table
from daybreak.validation.report import Report

STYLE = {"error": "bold red", "warning": "yellow", "info": "cyan"}
VERDICT = {
    "clean": ("nothing found", "bold green"),
    "findings": ("nothing that blocks", "bold yellow"),
    "blocked": ("blocked", "bold red"),
}
MOST_ROWS = 8  # that a line names
NOTE = 90  # characters of what is said of a pair


def print_report(report: Report, *, everything: bool = False) -> None:
    """For people; with `everything` also the rules that had nothing to look at."""
    out = console()
    out.print(_headline(report))
    for finding in report.findings:
        out.print()
        _print_finding(finding)
    if report.rescore is not None:
        out.print()
        _print_rescore(report.rescore)
    out.print()
    _print_answers(report, everything=everything)


def _headline(report: Report) -> Text:
    word, style = VERDICT[report.verdict]
    if report.failed and report.verdict != "blocked":  # what could not be asked is never green
        word, style = f"{word}, but not all could be asked", "bold red"
    counts = {name: sum(one.severity == name for one in report.findings) for name in STYLE}
    told = ", ".join(
        f"{count} {name}{'s' if count > 1 and name != 'info' else ''}" for name, count in counts.items() if count
    )
    rows = ", ".join(f"{side} {count:,}" for side, count in report.rows.items())
    about = " · ".join(part for part in (report.kind if report.rows else "", rows, duration(report.seconds)) if part)
    return styled((word, style), f": {told}" if told else "", (f"   {about}", "dim"))


def _print_finding(finding: Finding) -> None:
    out = console()
    out.print(styled((finding.severity, STYLE[finding.severity]), (f" {finding.rule}", "bold"), f"  {finding.what}"))
    lines = [("where", _where(finding)), ("sure", _sure(finding)), ("matters", finding.matters), ("do", finding.advice)]
    for name, text in lines:
        if text:
            _print_line(name, text)


def _print_line(name: str, text: str) -> None:
    grid = table(["", ""], [[Text(name, "dim"), Text(text)]])
    grid.show_header = False
    console().print(Padding(grid, (0, 0, 0, 2)))


def _where(finding: Finding) -> str:
    parts = [f"{place.file}:{place.line} {place.says}: {place.text.strip()}" for place in finding.places]
    if finding.columns:
        parts.append("column " + ", ".join(finding.columns[:MOST_ROWS]) + _more(len(finding.columns)))
    if finding.pairs:
        parts += [
            f"{_named(pair.right)} ~ {_named(pair.left)}{f' ({shorten(pair.note, NOTE)})' if pair.note else ''}"
            for pair in finding.pairs[:3]
        ]
    elif finding.rows:
        parts += [
            f"{side} rows {', '.join(map(str, rows[:MOST_ROWS]))}{_more(len(rows))}"
            for side, rows in finding.rows.items()
            if rows
        ]
    if finding.files and not finding.places:
        parts.append(", ".join(finding.files[:MOST_ROWS]) + _more(len(finding.files)))
    return "\n".join(parts)


def _named(row: Row) -> str:
    return f"{row.side} {row.name or f'row {row.position}'}"


def _more(count: int) -> str:
    return f" and {count - MOST_ROWS:,} more" if count > MOST_ROWS else ""


def _sure(finding: Finding) -> str:
    return f"{finding.sure}: {finding.because}" if finding.because else finding.sure


def _print_rescore(rescore: Rescore) -> None:
    """One line a model, by its first metric; `--json` and the page have the others."""
    out = console()
    out.print(styled(("scores", "bold"), f"  {rescore.says}"))
    models: dict[str, Scored] = {}
    for one in rescore.scored:
        models.setdefault(one.model, one)
    parts = ["all", *(["overlapping", "clean"] if rescore.overlapping_rows else [])]
    first = next(iter(models.values()))
    heads = [f"{part}: {_rows(getattr(first, part))}" for part in parts]
    rows = [
        [one.model, one.metric.replace("_", " "), *(_interval(getattr(one, part)) for part in parts)]
        for one in models.values()
    ]
    out.print(Padding(table(["model", "metric", *heads], rows), (0, 0, 0, 2)))


def _rows(score: Interval | None) -> str:
    return "too few rows" if score is None else f"{score.rows:,} rows"


def _interval(score: Interval | None) -> str:
    return "-" if score is None else f"{score.value:.3f} ({score.low:.3f} to {score.high:.3f})"


def _print_answers(report: Report, *, everything: bool) -> None:
    out = console()
    clean = [one.rule for one in report.answers if one.status == "clean" and one.rule != "rescore"]
    absent = [one for one in report.answers if one.status == "not_applicable"]
    if clean:
        out.print(styled(("clean", "green"), f"  {', '.join(clean)}"), soft_wrap=True)
    for one in report.failed:
        out.print(styled(("could not run", "bold red"), f"  {one.rule}: {one.why}"), soft_wrap=True)
    if everything:
        for one in absent:
            out.print(styled(("nothing to look at", "dim"), f"  {one.rule}: {one.why}"), soft_wrap=True)
    elif absent:
        out.print(
            styled(("nothing to look at", "dim"), f"  {', '.join(one.rule for one in absent)} (--all says why)"),
            soft_wrap=True,
        )
    for told in _samples(report):
        out.print(styled(("sample", "dim"), f"  {told}"), soft_wrap=True)


def _samples(report: Report) -> list[str]:
    """Which rules looked at how many rows, of those that did not look at all."""
    rules: dict[str, list[str]] = {}
    for one in report.answers:
        told = " and ".join(
            f"{number(count)} of {number(report.rows.get(side, 0))} {side} rows"
            for side, count in one.looked_at.items()
        )
        if told and one.status in {"clean", "findings"}:
            rules.setdefault(told, []).append(one.rule)
    return [f"{', '.join(names)} looked at {told}" for told, names in rules.items()]
