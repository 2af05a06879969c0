"""The model card as a page: the answer first, gaps named, users' words as text."""

import re

import pytest
from gate_evidence import DAY, NOW, audit, evidence, finding, look, rescore, run

from daybreak.base.errors import SpecError, UsageError
from daybreak.spec.models import Card as Told
from daybreak.validation.card import about as abouts
from daybreak.validation.card import lines
from daybreak.validation.card.about import About
from daybreak.validation.card.content import Card, Cost, Data, Lineage, Score
from daybreak.validation.card.page import render
from daybreak.validation.gate import decide
from daybreak.validation.waivers import Waiver

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(2)>"


def card(*findings, about=None, waivers=(), missing=(), name="digits"):
    """A card of trial 3.1 with these findings."""
    subject = run()
    made = audit(subject, *findings, rescore=rescore())
    known = evidence(subject, made, looks=[look(accuracy=0.93)], waivers={one.fingerprint: one for one in waivers})
    decision = decide(known)
    return Card(
        run="3.1", name=name, at=NOW, about=about or About(), objectives=({"metric": "accuracy", "direction": "maximize"},),
        scores=(Score("accuracy", 0.91, "clean", "on 177 clean test rows", 0.89, 0.93),), gate=decision, verdict=decision.verdict,
        lineage=Lineage(3, 1, "sampler:density", ("2.7@9 (digits)",), "ada", NOW - DAY, 7, 27, 2, ("daybreak", "run"), "c0ffee", True),
        hyperparameters={"lr": 0.01, "opt": "sgd"},
        data=(Data("test", "./test.csv", "bb" * 32, "m2" * 32, 3, 2048, sealed=True),),
        digests={"code": "c0" * 32}, answers=made.report.answers, findings=made.report.findings, rescore=made.report.rescore,
        looks=known.looks, waivers=tuple(waivers), determinism={"level": "resume", "units": 9, "of": 27},
        environment={"python": "3.11.7", "platform": "linux-x86_64", "packages": {"torch": "2.13.0"}, "machine": {}},
        cost=Cost(1.5, 4.0, 27, 2.5), missing=tuple(missing), daybreak="0.1.0",
    )  # fmt: skip


def text(page):
    """What a reader sees."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("<main>", 1)[1]))


def test_the_answer_comes_first():
    seen = text(render(card()))
    assert (
        seen.index("accuracy 0.91 (0.89 to 0.93) on 177 clean test rows")
        < seen.index("It passes")
        < seen.index("What it is for")
    )


def test_what_blocks_is_named_at_the_top_and_told_below():
    seen = text(render(card(finding())))
    assert "It does not pass: it is not to be used as it stands: overlap.exact" in seen
    assert seen.count("23 of 200 test rows stand in train") == 2
    assert "split by content" in seen


def test_everything_a_card_holds_is_on_it():
    seen = text(render(card()))
    for told in ("proposed by sampler:density", "fork of 2.7@9 (digits)", "c0ffee with uncommitted changes", "lr 0.01", "test (sealed)",
                 "2 KiB", "also frozen and resumed on the way (verified up to unit 9 of 27)", "1.5 slot-hours, 3.75 at 2.5 a slot-hour",
                 "looked at once by the family digits", "torch 2.13.0", "the model"):  # fmt: skip
        assert told in seen, told


def test_a_waiver_is_printed_with_its_finding_also_when_it_is_void():
    blocked = card(finding())
    name = blocked.findings[0].fingerprint
    known = Waiver(name, "accepted by the board", "ada", NOW, NOW + DAY, "overlap.exact", run="3.1")
    gone = Waiver("00" * 32, "long ago", "bob", NOW, NOW + DAY, "shift", run="3.1")
    seen = text(render(card(finding(), waivers=(known, gone))))
    assert "It passes, and a person should look" in seen
    assert "ada answers for this until" in seen
    assert re.search("000000000000 shift void: what it was of has changed bob long ago", seen)


def test_what_is_not_known_is_said():
    seen = text(render(card(missing=["its code: none was captured"])))
    assert "Nobody has written down what this model is for" in seen
    assert seen.index("What is not known") < seen.index("its code: none was captured")


def test_words_of_users_are_text():
    page = render(
        card(finding(what=HOSTILE), about=About(use=HOSTILE, text=f"# {HOSTILE}\n\n- {HOSTILE}"), name=HOSTILE)
    )
    assert "<script" not in page
    assert "<img" not in page
    assert "default-src 'none'" in page


class TestAbout:
    def test_from_the_experiment_file(self):
        spec = run().spec.model_copy(update={"card": Told(use="reading digits", limits="no letters")})
        found = abouts.of_spec(spec)
        assert (found.use, found.limits, found.source) == ("reading digits", "no letters", "the experiment file")
        assert abouts.of_spec(run().spec) == About()

    def test_from_yaml_or_markdown(self, tmp_path):
        (tmp_path / "card.yaml").write_text("use: reading digits\nlicense: Apache-2.0\n")
        (tmp_path / "card.md").write_text("# Use\n\nreading digits\n")
        assert abouts.read(tmp_path / "card.yaml").license == "Apache-2.0"
        assert abouts.read(tmp_path / "card.md").text == "# Use\n\nreading digits"

    def test_mistakes_are_told(self, tmp_path):
        (tmp_path / "card.yaml").write_text("usage: reading digits\n")
        with pytest.raises(SpecError, match="did you mean `use`"):
            abouts.read(tmp_path / "card.yaml")
        with pytest.raises(UsageError, match="cannot be read"):
            abouts.read(tmp_path / "nowhere.md")


def test_markdown_as_far_as_a_card_needs_it():
    written = "# Use\nread digits\nover a line\n\n- one\n  more\n- two\n\nthe end"
    assert lines.markdown(written) == (
        "<h3>Use</h3><p>read digits over a line</p><ul><li>one more</li><li>two</li></ul><p>the end</p>"
    )


@pytest.mark.parametrize(("count", "told"), [(0, "0 B"), (1023, "1023 B"), (2048, "2 KiB"), (5 * 1024**3, "5 GiB")])
def test_sizes(count, told):
    assert lines.size(count) == told
