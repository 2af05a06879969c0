"""The audit page: it tells in words, shows pairs, and asks nobody for anything."""

import re
from html.parser import HTMLParser

import pytest
from audit_samples import a_finding, a_report

from daybreak.audit.outcome import Pair, Place, Row
from daybreak.audit.registry import RULES
from daybreak.validation.page.explanations import explanation
from daybreak.validation.page.whole import render
from daybreak.validation.report import Answer

VOID = {"meta", "img", "br"}


class Balance(HTMLParser):
    """Raises unless every element is closed where it should be."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_it_says_in_words_what_was_found_and_what_to_do():
    page = render(a_report(a_finding()))
    for words in (
        "This score cannot be believed as it stands",
        "23 of 100 test rows stand in train",
        "Remove them.",
        "answered from memory",
    ):
        assert words in page
    assert "10 points are owed to the overlap" in page
    assert "1.000 (0.900 to 1.000)" in page
    assert "no time column" in page


@pytest.mark.parametrize("severity", ["error", "warning", "info"])
def test_its_elements_are_balanced_and_nothing_is_fetched(severity):
    picture = {"@content": "data:image/png;base64,AAAA", "label": "3"}
    table = Pair(Row("train", 1, shown={"a": "1", "b": "2"}), Row("test", 1, shown={"a": "1", "b": "3"}))
    media = Pair(Row("train", 1, "a.png", picture), Row("test", 2, "b.png", picture), 0.97, "mirrored")
    line = Place("train.py", 7, says="fits on all rows", text="scaler.fit(X)")
    page = render(
        a_report(a_finding(severity=severity, pairs=(table, media), places=(line,), advice="a\n  b", columns=("a",)))
    )
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "http://" not in page
    assert "https://" not in page


def test_what_the_data_says_is_never_markup():
    page = render(a_report(a_finding(what="<script>alert(1)</script>")))
    assert "<script" not in page
    assert "&lt;b&gt;dog&lt;/b&gt;" in page


def test_words_that_differ_are_marked():
    page = render(a_report(a_finding()))
    assert "<mark>cat</mark>" in page


def test_what_could_not_be_asked_is_no_clean_bill():
    page = render(a_report(answers=(Answer("time", "failed", "Time?", "ValueError: no"),), rescore=None))
    assert "this is no clean bill of health" in page
    assert "Nothing was found that speaks against this score" not in page


def test_every_rule_is_explained_to_somebody_new():
    assert [rule.name for rule in RULES if not explanation(rule.name)] == []
