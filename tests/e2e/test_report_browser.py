"""The report page in a real browser without a network: it draws everything, asks nobody, and shows users' text as text."""

import re
import shutil
import subprocess
import time

import pytest
from report_data import made_up, two_objectives

from daybreak.cli.report.page import render

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SECTIONS = (
    "Confirmed on fresh seeds", "Learning curves", "Hyperparameters", "Importance", "Slots over time", "What was pruned", "Trials",
    "The resolved spec",
)  # fmt: skip
HOSTILE = "</script><b id=evil>&amp;\u2028<img src=x onerror=alert(1)>"

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed on this machine"),
]


@pytest.fixture
def drawn(tmp_path):
    """The page's document after its scripts ran."""

    def draw(page):
        file = tmp_path / "page.html"
        file.write_text(page, encoding="utf-8")
        words = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", file.as_uri()]
        done = subprocess.run(words, capture_output=True, text=True, timeout=90, check=True)
        return done.stdout

    return draw


def titles(document):
    return re.findall(r"<h2>([^<]*)</h2>", document)


def test_every_section_is_drawn_without_a_script_error(drawn):
    document = drawn(render(made_up()))
    assert 'data-ready="yes"' in document
    assert "data-failed" not in document
    assert tuple(titles(document)) == SECTIONS
    assert document.count('class="curve') > 100, "curves and parallel coordinates"
    shown = document.split("<main", 1)[1].split("<script", 1)[0]
    assert not re.search("NaN|undefined|Infinity|>null<", shown)


def test_the_page_says_whether_the_score_was_audited(drawn):
    document = drawn(render(made_up()))
    assert "not audited: daybreak audit 1.1" in document
    assert "made up looked at 3 times" in document


def test_failed_and_diverged_trials_and_the_cost_of_pruning_are_told(drawn):
    document = drawn(render(made_up()))
    assert "4 trials failed:" in document
    assert "ValueError: width and layers do not fit (1." in document
    assert "diverged (a value that is no number)" in document
    assert "an estimated 11 % of the frozen ones (2 % to 38 %) would have led there" in document


def test_several_objectives_are_drawn_against_each_other_with_the_front_marked(drawn):
    data = two_objectives()
    document = drawn(render(data))
    assert 'data-ready="yes"' in document
    assert titles(document)[1] == "accuracy against milliseconds"
    assert 1 < len(data["front"]) < 20
    assert document.count('r="5"') == len(data["front"])
    assert f"the {len(data['front'])} marked ones in one objective without being worse in another" in document
    assert document.count('class="front"') == 1


def test_a_thousand_trials_are_drawn(drawn):
    data = made_up(trials=1000)
    drawn(render(made_up(trials=2)))  # the browser's own first start
    began = time.monotonic()
    document = drawn(render(data))
    print(f"1,000 trials: {time.monotonic() - began:.1f} s from start to document")
    assert 'data-ready="yes"' in document
    assert "200 of 1,000; all of them: daybreak export 1" in document
    assert "400 more are not" in document


def test_text_of_users_stays_text(drawn):
    document = drawn(render(made_up(trials=4, name=HOSTILE, extra=(HOSTILE,))))
    assert 'data-ready="yes"' in document
    assert "<b id=" not in document.split("<main", 1)[1].split("<script", 1)[0]
    assert "&lt;/script&gt;&lt;b id=evil&gt;" in document


def test_an_experiment_that_has_only_begun_is_drawn_too(drawn):
    data = made_up(trials=1)
    data |= {"trials": [], "curves": [], "attempts": [], "importance": {}}
    data["experiment"].best_trial = None
    data["experiment"].summary = {}
    document = drawn(render(data))
    assert 'data-ready="yes"' in document
    assert tuple(titles(document)) == SECTIONS[1:]


def test_the_page_names_no_other_host():
    page = render(made_up())
    assert set(re.findall(r"https?://[^\s\"'`]+", page)) == {"http://www.w3.org/2000/svg"}, (
        "a namespace, not an address"
    )
    assert "default-src 'none'" in page
    assert not re.search(r"\b(src|href)=", page)
    assert not re.search(r"fetch\(|XMLHttpRequest|import\(|WebSocket", page)
