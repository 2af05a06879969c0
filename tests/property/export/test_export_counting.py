"""The step `vectorize` counts what scikit-learn counts, whatever the text."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer

from daybreak.inference.steps import Context
from daybreak.inference.steps.counting import murmur, vectorize
from daybreak.signature.fields import Field, Output, Signature

WORDS = st.sampled_from(
    ["free", "FREE", "prize", "café", "CAFE\u0301", "ﬁne", "ß", "İstanbul", "a", "ok", "don't", "£1000", "x_1"]
)
TEXT = st.one_of(
    st.text(max_size=30), st.lists(WORDS, max_size=12).map(" ".join), st.lists(WORDS, max_size=6).map("\n\t ".join)
)
ACCENTS = st.sampled_from([None, "unicode", "ascii"])
SPANS = st.sampled_from([(1, 1), (1, 2), (2, 3), (1, 4)])
ANALYZERS = st.sampled_from(["word", "char", "char_wb"])


def counted(texts, rules):
    """What the step says."""
    signature = Signature((Field("text", "text"),), (Output("kind", "label"),))
    context = Context(signature, {"x": (np.float32, (None, None))}, (), lambda _: json.dumps(rules).encode(), None)
    column, feeds = np.empty(len(texts), object), {}
    column[:] = texts
    vectorize({"field": "text", "to": "x", "file": "words.json"}, context)({"text": column}, feeds)
    return feeds["x"]


def rules_of(vectorizer, **columns):
    return {
        "analyzer": vectorizer.analyzer,
        "ngrams": list(vectorizer.ngram_range),
        "lowercase": vectorizer.lowercase,
        "accents": vectorizer.strip_accents or "",
        "pattern": vectorizer.token_pattern,
        "stop": sorted(vectorizer.get_stop_words() or ()),
        "binary": vectorizer.binary,
        "sublinear": False,
        **columns,
    }


@given(st.lists(TEXT, min_size=1, max_size=4), ANALYZERS, SPANS, ACCENTS, st.booleans(), st.booleans())
def test_listed_words_and_runs_of_characters(texts, analyzer, span, accents, lowercase, binary):
    vectorizer = CountVectorizer(
        analyzer=analyzer,
        ngram_range=span,
        strip_accents=accents,
        lowercase=lowercase,
        binary=binary,
        stop_words=["ok"] if analyzer == "word" else None,
    )
    fitted = vectorizer.fit([*texts, "free prize prize ok café prize free"])
    words = sorted(fitted.vocabulary_, key=fitted.vocabulary_.get)
    expected = fitted.transform(texts).toarray()
    np.testing.assert_array_equal(counted(texts, rules_of(fitted, words=words)), expected)


@given(st.lists(TEXT, min_size=1, max_size=4), ANALYZERS, SPANS, st.booleans(), st.integers(1, 300))
def test_hashed_words(texts, analyzer, span, signed, buckets):
    hashing = HashingVectorizer(
        analyzer=analyzer, ngram_range=span, alternate_sign=signed, n_features=buckets, norm=None
    )
    expected = hashing.transform(texts).toarray()
    np.testing.assert_array_equal(counted(texts, rules_of(hashing, buckets=buckets, signed=signed)), expected)


def test_murmur_of_its_own_test_values():
    """Of the reference implementation, seed 0."""
    assert murmur(b"") == 0
    assert murmur(b"test") == 0xBA6BD213
    assert murmur(b"Hello, world!") == 0xC0363E43
