import numpy as np
import pytest
from audit_text_planted import frame_of_texts, sentences

from daybreak.audit.outcome import NotApplicable
from daybreak.audit.overlap.contamination import ngrams


def documents(count, draw):
    return sentences(count, draw, shortest=30, longest=80)


def quoting(text, other, draw, words=20):
    """The text with a passage of the other one in its midst."""
    theirs, ours = other.split(), text.split()
    at, start = int(draw.integers(len(ours))), int(draw.integers(max(1, len(theirs) - words)))
    return " ".join([*ours[:at], *theirs[start : start + words], *ours[at:]])


@pytest.mark.parametrize("seed", range(3))
def test_passages_of_train_in_test_are_found(seed):
    draw = np.random.default_rng(seed)
    texts = documents(1500, draw)
    train, test = texts[:1200], texts[1200:]
    places, sources = draw.permutation(300)[:30], draw.permutation(1200)[:30]
    for place, source in zip(places, sources, strict=True):
        test[place] = quoting(test[place], train[source], draw)
    finding = ngrams(frame_of_texts(train, test)).findings[0]
    assert finding.severity == "error"
    assert set(finding.rows["test"]) == set(places.tolist())
    assert {(p.right.position, p.left.position) for p in finding.pairs} <= set(
        zip(places.tolist(), sources.tolist(), strict=True)
    )


@pytest.mark.parametrize("seed", range(5))
def test_texts_of_common_words_share_no_passages(seed):
    texts = documents(1000, np.random.default_rng(seed))
    outcome = ngrams(frame_of_texts(texts[:800], texts[800:]))
    assert outcome.status == "clean"
    assert outcome.measured["text"]["with_a_passage_of_13_words"] == 0


def test_boilerplate_is_none():
    texts = documents(1000, np.random.default_rng(0))
    notice = " this message and any attachment are meant for the person named above and for nobody else at all "
    outcome = ngrams(frame_of_texts([t + notice for t in texts[:800]], [t + notice for t in texts[800:]]))
    assert outcome.status == "clean"


def test_passages_that_train_shares_within_itself_are_inherited():
    draw = np.random.default_rng(0)
    texts, quotes = documents(2000, draw), sentences(100, draw, shortest=15, longest=25)
    texts = [f"{text} {quotes[draw.integers(100)]}" if draw.random() < 0.2 else text for text in texts]
    finding = ngrams(frame_of_texts(texts[:1600], texts[1600:])).findings[0]
    assert finding.severity == "warning"
    assert "the split did not bring them in" in finding.what


def test_a_text_mostly_taken_over_is_a_copy_for_the_scores_and_a_quote_is_none():
    draw = np.random.default_rng(0)
    texts = documents(1000, draw)
    train, test = texts[:800], texts[800:]
    test[3] = quoting(test[3], train[7], draw)
    test[5] = " ".join(train[9].split()[4:])
    outcome = ngrams(frame_of_texts(train, test))
    assert set(outcome.findings[0].rows["test"]) == {3, 5}
    assert (outcome.hits.test.tolist(), outcome.hits.train.tolist()) == ([5], [9])


def test_texts_that_are_equal_as_a_whole_are_told_elsewhere():
    texts = documents(500, np.random.default_rng(0))
    outcome = ngrams(frame_of_texts(texts[:400], [text.upper() for text in texts[300:350]]))
    assert outcome.status == "clean"


def test_short_texts_hold_no_passages():
    texts = sentences(200, np.random.default_rng(0), shortest=2, longest=6)
    with pytest.raises(NotApplicable, match="8 words or more"):
        ngrams(frame_of_texts(texts[:150], texts[150:]))
