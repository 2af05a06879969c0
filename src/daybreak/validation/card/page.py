"""The card as one self-contained HTML page: the answer first, then what it rests on. No script, no request to anybody."""

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.resources import files

from daybreak.audit.outcome import Finding
from daybreak.audit.registry import RULES
from daybreak.validation.card import lines
from daybreak.validation.card.content import Card, Score
from daybreak.validation.decision import Asked
from daybreak.validation.page.explanations import explanation
from daybreak.validation.page.markup import esc, number, paragraph, row, tag
from daybreak.validation.page.scores import chart
from daybreak.validation.page.skeleton import whole
from daybreak.validation.page.whole import MEDIA
from daybreak.validation.waivers import Waiver

VERDICT = {
    "passed": ("clean", "It passes: everything that was asked of it is answered"),
    "passed with warnings": ("findings", "It passes, and a person should look at what is told below"),
    "blocked": ("blocked", "It does not pass: it is not to be used as it stands"),
}
QUESTIONS = {rule.name: rule.question for rule in RULES} | {
    "test looks": "How often was the sealed test set looked at?",
    "audits": "Was it audited?",
}
QUIET = {"clean": "found nothing that speaks against it", "not_applicable": "had nothing to look at"}
RANK = {name: place for place, name in enumerate(("blocked", "not run", "warned", "waived", "passed"))}
ON = {
    "clean": "clean test rows",
    "test": "sealed test set",
    "reported": "reported in training",
}


def render(card: Card) -> str:
    """The page as text."""
    parts = [
        _head(card),
        _use(card),
        _scores(card),
        _believed(card),
        _origin(card),
        _again(card),
        _cost(card),
        _foot(card),
    ]
    page = files("daybreak.validation")
    style = (page / "page" / "page.css").read_text(encoding="utf-8") + (page / "card" / "card.css").read_text("utf-8")
    return whole(f"{card.name}, run {card.run}", style, tag("main", "\n".join(parts)), MEDIA)


def _head(card: Card) -> str:
    css, says = VERDICT[card.verdict]
    best = card.scores[0] if card.scores else None
    told = f"{best.metric} {_value(best)} {best.says}" if best else "no score is known"
    head = paragraph(f"Model card of run {card.run}", "soft") + tag("h1", esc(card.name))
    why = ", ".join(one.what for one in card.gate.asked if one.blocks)
    verdict = tag("b", esc(f"{says}: {why}" if why else says), f"verdict {css}")
    return tag("header", head + paragraph(told, "says") + tag("p", verdict))


def _use(card: Card) -> str:
    about = card.about
    named = [("For", about.use), ("Not for", about.limits), ("Contact", about.contact), ("License", about.license)]
    body = _list((name, esc(text)) for name, text in named if text) + lines.markdown(about.text)
    if not (about.use or about.text):
        body = paragraph("Nobody has written down what this model is for, and what it is not for.", "gap") + body
    return _section("What it is for", body)


def _scores(card: Card) -> str:
    head = row(["metric", "value", "95 % interval", "on", ""], "th")
    told = "".join(
        row([esc(one.metric), number(one.value), _ends(one), esc(ON.get(one.on, one.on)), esc(one.says)])
        for one in card.scores
    )
    table = tag("div", tag("table", head + told), "scroll") if card.scores else paragraph("No score is known.", "gap")
    return _section("How good it is", table) + (chart(card.rescore) if card.rescore else "")


def _believed(card: Card) -> str:
    table = _asked(card)
    waived = {one.fingerprint: one for one in card.waivers}
    found = "".join(_finding(one, waived.get(one.fingerprint), card.at) for one in card.findings)
    policy = paragraph(f"Asked by {card.gate.source}, {_day(card.gate.at)}.", "soft")
    return _section("Can that be believed?", table + policy + found + _looks(card) + _waivers(card))


def _asked(card: Card) -> str:
    """What blocks first; questions that found nothing together."""
    open_ones = sorted((one for one in card.gate.asked if one.status not in QUIET), key=lambda one: RANK[one.result])
    rows = "".join(
        row([tag("span", esc(one.result), one.result.replace(" ", "-")), _question(one, card), esc(one.says)])
        for one in open_ones
    )
    table = tag("div", tag("table", row(["answer", "asked", ""], "th") + rows, "asked"), "scroll") if rows else ""
    return table + "".join(_quiet(card, status, says) for status, says in QUIET.items())


def _quiet(card: Card, status: str, says: str) -> str:
    asked = [one for one in card.gate.asked if one.status == status]
    why = (f" {esc(one.says)}" if status != "clean" else "" for one in asked)
    listed = tag("ul", "".join(tag("li", _question(one, card) + more) for one, more in zip(asked, why, strict=True)))
    told = f"{len(asked)} question{'s' if len(asked) > 1 else ''} {says}"
    return tag("details", tag("summary", told) + listed) if asked else ""


def _question(asked: Asked, card: Card) -> str:
    """A rule's question in plain words, with its name beside it."""
    said = (answer.question for answer in card.answers if answer.rule == asked.what)
    question = next(said, "") or QUESTIONS.get(asked.what, "")
    return f"{esc(question)} {tag('small', esc(asked.what), 'soft')}" if question else esc(asked.what)


def _finding(finding: Finding, waiver: Waiver | None, at: float) -> str:
    head = tag("b", esc(finding.severity), finding.severity) + " " + tag("small", esc(finding.rule))
    told = [("why it matters", finding.matters or explanation(finding.rule)), ("what to do", finding.advice)]
    body = tag("h3", head) + paragraph(finding.what) + _list((name, esc(text)) for name, text in told if text)
    if waiver is not None:
        body += tag("p", esc(lines.waiver(waiver, at)), "waiver")
    return tag("article", body + paragraph(f"fingerprint {finding.fingerprint[:12]}", "soft"), finding.severity)


def _looks(card: Card) -> str:
    if not card.looks:
        return ""
    head = row(["when", "run", "at", "what it gave"], "th")
    told = "".join(
        row(
            [
                esc(_day(one.at)),
                f"{one.experiment}.{one.trial}",
                f"{one.units:,} units",
                esc(lines.metrics(one.metrics)),
            ]
        )
        for one in card.looks
    )
    count = f"The sealed test set was looked at {lines.times(len(card.looks))} by the family {card.looks[-1].family}"
    return tag("details", tag("summary", esc(count)) + tag("div", tag("table", head + told), "scroll"))


def _waivers(card: Card) -> str:
    if not card.waivers:
        return ""
    head = row(["finding", "what", "is", "by", "reason"], "th")
    told = "".join(
        row([esc(one.fingerprint[:12]), esc(one.rule), esc(_standing(one, card)), esc(one.author), esc(one.reason)])
        for one in card.waivers
    )
    return tag("h3", "Waivers") + tag("div", tag("table", head + told), "scroll")


def _standing(waiver: Waiver, card: Card) -> str:
    """A waiver whose finding is not there any more is void."""
    there = {one.fingerprint for one in card.findings} | {name for one in card.gate.asked for name in one.fingerprints}
    standing = waiver.standing(card.at)
    return standing if standing != "in force" or waiver.fingerprint in there else "void: what it was of has changed"


def _origin(card: Card) -> str:
    told = tag("h3", "Lineage") + _list((name, esc(text)) for name, text in lines.lineage(card.lineage))
    values = "".join(row([esc(name), esc(number(value))]) for name, value in card.hyperparameters.items())
    told += tag("h3", "Hyperparameters") + (tag("table", values) if values else paragraph("none", "soft"))
    head = row(["dataset", "where it lay", "files", "size", "blake3"], "th")
    rows = "".join(
        row([esc(f"{one.name}{' (sealed)' if one.sealed else ''}"), esc(one.path), f"{one.files:,}", lines.size(one.bytes),
             tag("code", one.root[:16])])
        for one in card.data
    )  # fmt: skip
    told += tag("h3", "Data") + (
        tag("div", tag("table", head + rows), "scroll") if rows else paragraph("none named", "gap")
    )
    return _section("Where it comes from", told)


def _again(card: Card) -> str:
    digests = _list((name, tag("code", esc(digest))) for name, digest in card.digests.items())
    told = _list((name, esc(text)) for name, text in lines.environment(card.environment, card.determinism))
    packages = card.environment.get("packages", {})
    listed = ", ".join(f"{name} {version}" for name, version in sorted(packages.items()))
    more = tag("details", tag("summary", f"{len(packages)} packages") + paragraph(listed)) if packages else ""
    return _section("What it takes to make it again", told + more + tag("h3", "Digests (blake3)") + digests)


def _cost(card: Card) -> str:
    return _section("What it cost", _list((name, esc(text)) for name, text in lines.cost(card.cost)))


def _foot(card: Card) -> str:
    gaps = "".join(tag("li", esc(one)) for one in card.missing)
    told = _section("What is not known", tag("ul", gaps)) if gaps else ""
    return told + tag("footer", paragraph(f"Written by Daybreak {card.daybreak}, {_day(card.at)}.", "soft"))


def _section(title: str, body: str) -> str:
    return tag("section", tag("h2", esc(title)) + body)


def _list(pairs: Iterable[tuple[str, str]]) -> str:
    body = "".join(tag("dt", esc(name)) + tag("dd", value) for name, value in pairs)
    return tag("dl", body) if body else ""


def _value(score: Score) -> str:
    return f"{number(score.value)} ({_ends(score)})" if score.low is not None else number(score.value)


def _ends(score: Score) -> str:
    return "" if score.low is None or score.high is None else f"{score.low:.4g} to {score.high:.4g}"


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
