import sys

import numpy as np
import pyarrow as pa
import pytest
from audit_text_planted import changed, frame_of_texts, planted, sentences

from daybreak.audit.outcome import NotApplicable
from daybreak.audit.overlap.shingles import LONG, jaccard, normalised, shingles
from daybreak.audit.overlap.texts import near


def similarity(one, other):
    sets = shingles(normalised(pa.array([one, other])))
    return float(jaccard(sets, sets, np.array([[0, 1]]))[0])


def by_hand(one, other, length=5):
    one, other = ({text[i : i + length] for i in range(len(text) - length + 1)} for text in (one, other))
    return len(one & other) / len(one | other)


def test_capitals_punctuation_spaces_and_unicode_forms_make_no_difference():
    assert similarity("Don't stop,\n me NOW!!", "don't  stop me now") == 1
    assert similarity("le café crème brûlée", "LE CAFE\u0301 CRE\u0300ME BRU\u0302LE\u0301E") == 1
    assert similarity("große Straße am Abend", "GROSSE STRASSE AM ABEND") == 1


def test_the_similarity_is_that_of_the_sets_of_five_characters():
    draw = np.random.default_rng(0)
    for text in sentences(30, draw):
        other = changed(text, draw).lower().rstrip("!")
        assert similarity(text, other) == pytest.approx(by_hand(text, other))


def test_long_texts_are_compared_by_a_sample_of_their_sequences():
    draw = np.random.default_rng(1)
    words = sentences(3000, draw, shortest=10, longest=10)
    one, other = " ".join(words[:2000]), " ".join(words[500:2500])
    assert len(shingles(pa.array([one])).hashes) <= LONG
    assert similarity(one, other) == pytest.approx(by_hand(one, other), abs=0.05)
    assert similarity(one, one) == 1


@pytest.mark.parametrize("seed", range(3))
def test_planted_copies_are_found_and_nothing_else(seed):
    train, test, exact, copies = planted(4000, np.random.default_rng(seed), 40, 40)
    outcome = near(frame_of_texts(train, test))
    found = dict(zip(outcome.hits.test.tolist(), outcome.hits.train.tolist(), strict=True))
    right = [place for place, source in copies.items() if found.get(place) == source]
    assert len(right) >= 0.95 * len(copies)
    assert found.keys() <= copies.keys()  # unchanged ones are told by overlap.exact
    assert outcome.measured["text"]["told_by_overlap_exact"] == len(exact)
    assert outcome.findings[0].severity == "error"
    assert outcome.findings[0].measured["kind"] == "structural"


def test_few_copies_are_told_without_blocking():
    train, test, _, copies = planted(4000, np.random.default_rng(0), 0, 2)
    outcome = near(frame_of_texts(train, test))
    assert [finding.severity for finding in outcome.findings] == ["info"]
    assert len(outcome.hits.test) == len(copies)


@pytest.mark.parametrize("seed", range(5))
def test_sentences_of_common_words_are_no_copies(seed):
    texts = sentences(2000, np.random.default_rng(seed))
    outcome = near(frame_of_texts(texts[:1600], texts[1600:]))
    assert outcome.status == "clean"
    assert len(outcome.hits.test) == 0


@pytest.mark.parametrize("seed", range(5))
def test_copies_that_were_in_the_data_before_it_was_split_are_inherited(seed):
    draw = np.random.default_rng(seed)
    texts = sentences(1800, draw)
    texts += [changed(texts[i], draw) for i in draw.integers(0, 1800, 200)]
    texts = [texts[i] for i in draw.permutation(2000)]
    outcome = near(frame_of_texts(texts[:1600], texts[1600:]))
    assert [finding.severity for finding in outcome.findings] == ["warning"]
    assert "inherited from copies in the data" in outcome.findings[0].what


@pytest.mark.parametrize("seed", range(3))
def test_forms_that_are_filled_in_are_alike_by_nature(seed):
    draw = np.random.default_rng(seed)
    words = np.array(" ".join(sentences(60, draw)).split())

    def filled():
        one, two, three = (" ".join(draw.choice(words, 3)) for _ in range(3))
        return f"Patient presents with {one} since last week. No history of {two}. Plan: {three} and follow up."

    texts = [filled() for _ in range(800)]
    outcome = near(frame_of_texts(texts[:640], texts[640:]))
    assert all(finding.severity == "info" for finding in outcome.findings)
    copies = [changed(text, draw, edits=1) for text in texts[:60]]
    outcome = near(frame_of_texts(texts[:640], texts[640:] + copies))
    assert outcome.findings[0].severity == "error"


def test_without_rensa_an_index_of_rare_sequences_finds_them_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "rensa", None)
    train, test, _, copies = planted(1000, np.random.default_rng(0), 10, 40)
    found = near(frame_of_texts(train, test)).hits.test.tolist()
    assert set(found) <= copies.keys()
    assert len(found) >= 0.95 * len(copies)


def test_one_column_of_two_that_is_shared_is_told_but_rows_are_no_copies():
    """Questions about one paragraph: rows of train share it, too, so the split tears families apart."""
    draw = np.random.default_rng(0)
    paragraphs, questions = sentences(100, draw, shortest=40, longest=60), sentences(1000, draw)
    shared = [paragraphs[i] for i in draw.integers(0, 100, 1000)]
    frame = frame_of_texts(questions[:800], questions[800:], context=(shared[:800], shared[800:]))
    outcome = near(frame)
    assert [finding.subject for finding in outcome.findings] == ["context"]
    assert outcome.findings[0].severity == "warning"
    assert "does not keep such rows together" in outcome.findings[0].what
    assert "--group context" in outcome.findings[0].advice
    assert len(outcome.hits.test) == 0


def test_pairs_for_people_and_what_was_too_short():
    train, test, _, copies = planted(1000, np.random.default_rng(0), 0, 20)
    test[next(i for i in range(len(test)) if i not in copies)] = "ok"
    outcome = near(frame_of_texts(train, [*test, None]))
    assert outcome.measured["text"]["test_rows_too_short"] == 2
    pair = outcome.findings[0].pairs[0]
    assert copies[pair.right.position] == pair.left.position
    assert pair.note in {"differs in capitals or punctuation", "differs in a few words"}
    assert 0.5 <= pair.similarity <= 1


def test_what_it_cannot_look_at_is_said():
    with pytest.raises(NotApplicable, match="20 different train texts"):
        near(frame_of_texts(["ok", "see you", "a text that is long enough"] * 9, ["another text that is long enough"]))
    frame = frame_of_texts(["x"], ["y"])
    with pytest.raises(NotApplicable, match="a column of free text"):
        near(type(frame)(type(frame.about)(()), frame.train, frame.test))


def test_lines_of_a_log_are_alike_by_nature():
    draw = np.random.default_rng(0)
    texts = [
        f"sensor {draw.integers(9)} of the northern hall reports {draw.integers(99)} degrees and no fault"
        for _ in range(2000)
    ]
    outcome = near(frame_of_texts(texts[:1600], texts[1600:]))
    assert [finding.severity for finding in outcome.findings] == ["info"]
    assert "alike by nature" in outcome.findings[0].what
    assert len(outcome.hits.test) == 0
