"""The whole page: the verdict, the score with and without the overlap, findings with their pairs, and everything that was asked."""

from datetime import UTC, datetime
from importlib.resources import files

from daybreak.audit.outcome import Finding, Place
from daybreak.validation.page.explanations import explanation
from daybreak.validation.page.markup import esc, number, paragraph, row, tag
from daybreak.validation.page.pairs import gallery
from daybreak.validation.page.scores import chart
from daybreak.validation.page.skeleton import whole
from daybreak.validation.report import Answer, Report

VERDICTS = {
    "blocked": "This score cannot be believed as it stands",
    "findings": "Nothing proves this score wrong, but a person should look",
    "clean": "Nothing was found that speaks against this score",
}
INCOMPLETE = "Some questions could not be asked: this is no clean bill of health"
MARKS = {
    "clean": "✓ nothing found",
    "findings": "● see above",
    "not_applicable": "○ nothing to look at",
    "failed": "✗ could not run",
}
MEDIA = "img-src data:; media-src data:"  # what a page of findings shows stands in it


def render(report: Report) -> str:
    """The page as text."""
    parts = [
        _head(report),
        chart(report.rescore) if report.rescore else "",
        _findings(report),
        _asked(report),
        _foot(report),
    ]
    style = (files("daybreak.validation.page") / "page.css").read_text(encoding="utf-8")
    return whole(f"Audit: {_about(report)}", style, tag("main", "\n".join(parts)), MEDIA)


def _about(report: Report) -> str:
    return f"run {report.run}" if report.run else ", ".join(report.sources.values()) or "code"


def _head(report: Report) -> str:
    told = INCOMPLETE if report.verdict == "clean" and report.failed else VERDICTS[report.verdict]
    facts = [f"{side} {count:,}" for side, count in report.rows.items()]
    facts += [
        f"{report.kind} data" if report.rows else "",
        f"to predict: {report.target}" if report.target else "",
        report.task,
    ]
    return (
        tag("p", esc(f"Audit of {_about(report)}"), "soft")
        + tag("h1", esc(told), "failed" if told == INCOMPLETE else report.verdict)
        + paragraph(" · ".join(fact for fact in facts if fact), "soft")
        + paragraph(_next(report))
    )


def _next(report: Report) -> str:
    """What to read first."""
    errors = [one for one in report.findings if one.severity == "error"]
    if errors:
        more = f" and {len(errors) - 1} more below" if len(errors) > 1 else ""
        return f"{errors[0].what}{'' if errors[0].what.endswith('.') else '.'} What to do about it{more} stands with each finding."
    return ""


def _findings(report: Report) -> str:
    if not report.findings:
        return ""
    said: set[str] = set()
    told = ""
    for one in report.findings:
        about = explanation(one.rule)
        told += _finding(one, "" if about in said else about)
        said.add(about)
    return tag("section", tag("h2", "What was found") + told)


def _finding(finding: Finding, about: str) -> str:
    facts = [
        ("What it does to the score", esc(finding.matters)),
        ("How sure", esc(f"{finding.sure}{f': {finding.because}' if finding.because else ''}")),
        ("What to do", _advice(finding.advice)),
        ("Where", _where(finding)),
    ]
    told = "".join(tag("dt", name) + tag("dd", text) for name, text in facts if text)
    return tag(
        "article",
        tag("p", f"{tag('b', finding.severity, finding.severity)} {tag('code', esc(finding.rule))}")
        + tag("h3", esc(finding.what))
        + paragraph(about, "soft")
        + gallery(finding)
        + tag("dl", told)
        + _numbers(finding),
        finding.severity,
    )


def _advice(text: str) -> str:
    """Advice may hold lines of code: they keep their shape."""
    return tag("pre", esc(text)) if "\n" in text else esc(text)


def _where(finding: Finding) -> str:
    parts = [_place(place) for place in finding.places]
    if finding.columns:
        parts.append(esc("columns " + ", ".join(finding.columns)))
    parts += [_listed(f"{side} rows", [f"{row:,}" for row in rows]) for side, rows in finding.rows.items() if rows]
    if finding.files:
        parts.append(_listed("files", list(finding.files)))
    return "<br>".join(parts)


def _place(place: Place) -> str:
    return f"{tag('code', esc(f'{place.file}:{place.line}'))} {esc(place.says)} {tag('pre', esc(place.text.rstrip()))}"


def _listed(what: str, names: list[str], few: int = 12) -> str:
    if len(names) <= few:
        return esc(f"{what}: {', '.join(names)}")
    return tag(
        "details",
        tag("summary", esc(f"{what}: {', '.join(names[:few])} and {len(names) - few:,} more")) + esc(", ".join(names)),
    )


def _numbers(finding: Finding) -> str:
    numbers = [
        (name, number(value)) for name, value in finding.measured.items() if isinstance(value, int | float | str)
    ]
    lines = "".join(row([esc(name.replace("_", " ")), esc(value)]) for name, value in numbers)
    told = tag("table", lines) if numbers else ""
    return tag(
        "details",
        tag("summary", "numbers, and the fingerprint that a waiver names")
        + told
        + tag("code", esc(finding.fingerprint)),
    )


def _asked(report: Report) -> str:
    lines = "".join(_answer(one) for one in report.answers)
    head = row(["question", "rule", "answer", "seconds"], "th")
    return (
        tag("section", tag("h2", "What was asked") + tag("div", tag("table", head + lines), "scroll")) if lines else ""
    )


def _answer(answer: Answer) -> str:
    told = (
        "see the scores"
        if answer.rule == "rescore" and answer.status == "clean"
        else esc(MARKS[answer.status]) + (f": {esc(answer.why)}" if answer.why else "")
    )
    if answer.looked_at:
        rows = ", ".join(f"{count:,} {side}" for side, count in answer.looked_at.items())
        told += esc(f" (looked at {rows} rows)")
    return row(
        [esc(answer.question), tag("code", esc(answer.rule)), tag("span", told, answer.status), number(answer.seconds)]
    )


def _foot(report: Report) -> str:
    when = datetime.fromtimestamp(report.at, UTC).strftime("%Y-%m-%d %H:%M UTC") if report.at else ""
    facts = [("when", when), ("model", report.model), ("code", report.code)]
    facts += [(f"{side} data", f"{report.sources.get(side, '')}  {digest}") for side, digest in report.digests.items()]
    lines = "".join(row([esc(name), tag("code", esc(value))]) for name, value in facts if value)
    return tag(
        "footer",
        tag("table", lines) + paragraph("Written by daybreak audit. This file asks nobody for anything.", "soft"),
    )
