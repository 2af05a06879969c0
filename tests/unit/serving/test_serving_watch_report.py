"""A day as one page that asks nobody for anything."""

import re
from html.parser import HTMLParser

import numpy as np

from daybreak.monitoring import reference
from daybreak.monitoring.drift import judge
from daybreak.monitoring.performance import estimated
from daybreak.monitoring.window import Window
from daybreak.serving.watch.closed import Closed, append, of_day
from daybreak.serving.watch.report import made, write
from daybreak.serving.watch.report.page import page

DAY, NOON = "2023-11-15", 1_700_049_600.0
EVIL = "<script>alert(1)</script>"


def day(folder):
    """Three windows, the last with another mix of a column whose name is no friend's."""
    rng = np.random.default_rng(0)
    scores = rng.dirichlet([2, 2], 2000)
    truth = [str(int(rng.random() < row[1])) for row in scores]
    values = {EVIL: rng.normal(size=2000), "job": rng.choice(["cook", "nurse"], 2000).astype(object)}
    held = reference.make(values, {"label": scores}, truth=truth)
    package = folder / "package"
    package.mkdir()
    (package / "reference.json").write_bytes(reference.to_json(held))
    (folder / "windows").mkdir()
    for place, shift in enumerate((0.0, 0.0, 1.0)):
        window = Window(held)
        rows = {EVIL: rng.normal(shift, 1, 600), "job": rng.choice(["cook", "nurse"], 600).astype(object)}
        window.add(rows, {"label": rng.dirichlet([2, 2], 600)}, 600)
        part, until = window.take(), NOON + 3600 * place
        verdict = judge(held, part)
        append(
            folder,
            Closed(
                "champion", "mail", 2, str(package), until - 900, until, verdict, 7, None, estimated(held, part), part
            ),
        )


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.names, self.attributes = [], []

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.attributes += attrs


def test_the_page_says_what_drifted_and_draws_it(tmp_path):
    day(tmp_path)
    file = write(tmp_path, "shop", DAY)
    text = file.read_text()
    tags = Tags()
    tags.feed(text)
    assert file == tmp_path / "reports" / f"{DAY}.html"
    assert "1,800 rows in 3 windows" in text
    assert "1 of them raised an alarm" in text
    assert "estimated, not measured" in text
    assert "21 rows were not counted" in text
    assert tags.names.count("svg") >= 5
    assert all(dict([pair]).get("aria-label") != "" for pair in tags.attributes if pair[0] == "aria-label")


def test_the_page_holds_no_script_and_asks_nobody(tmp_path):
    day(tmp_path)
    text = made(tmp_path, "shop", DAY)
    tags = Tags()
    tags.feed(text)
    assert "script" not in tags.names
    assert "&lt;script&gt;" in text
    assert not {name for name, _ in tags.attributes} & {"src", "href", "onload", "onclick"}
    assert not re.search(r"https?://", text)


def test_a_day_without_windows_says_so():
    assert "No window was closed on this day" in page("shop", DAY, [])


def test_a_line_that_was_cut_off_is_left_out(tmp_path):
    day(tmp_path)
    file = tmp_path / "windows" / f"{DAY}.jsonl"
    file.write_bytes(file.read_bytes()[:-30])
    assert len(list(of_day(tmp_path, DAY))) == 2
