import json
from pathlib import Path

import numpy as np
import pytest
from audit_text_planted import changed, frame_of_texts

from daybreak.audit.overlap.contamination import ngrams
from daybreak.audit.overlap.texts import near

SHARED = Path(__file__).parents[3].parent / "shared" / "data"


def lines(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"real data is not here: {path}")
    return [line.split("\t") for line in path.read_text("utf-8").split("\n") if line]


def test_sst2_is_clean():
    train, test = ([line[0] for line in lines(f"sst2/{side}.tsv")] for side in ("train", "test"))
    frame = frame_of_texts(train, test)
    assert near(frame).status == "clean"
    assert ngrams(frame).status == "clean"


def test_copies_planted_into_sst2_are_found():
    train, test = ([line[0] for line in lines(f"sst2/{side}.tsv")] for side in ("train", "test"))
    draw = np.random.default_rng(0)
    sources = [i for i in draw.permutation(len(train)) if len(train[i].split()) > 7][:50]
    for place, source in enumerate(sources):
        test[place] = changed(train[source], draw)
    outcome = near(frame_of_texts(train, test))
    found = set(outcome.hits.test.tolist())
    assert outcome.findings[0].severity == "error"
    assert len(found & set(range(50))) >= 0.9 * 50
    assert len(found - set(range(50))) <= 2


@pytest.mark.parametrize("seed", range(3))
def test_sms_under_a_random_split_inherits_its_duplicates(seed):
    texts = [line[1] for line in lines("sms/sms.tsv")]
    order = np.random.default_rng(seed).permutation(len(texts))
    train, test = ([texts[i] for i in part] for part in (order[:4459], order[4459:]))
    for audit in (near, ngrams):
        findings = audit(frame_of_texts(train, test)).findings
        assert [(finding.severity, finding.measured["kind"]) for finding in findings] == [("warning", "inherited")]


def test_xquad_shares_paragraphs_under_a_random_split_and_none_by_article():
    path = SHARED / "xquad" / "xquad.en.json"
    if not path.exists():
        pytest.skip(f"real data is not here: {path}")
    articles = json.loads(path.read_text("utf-8"))["data"]
    rows = [
        (number, paragraph["context"], question["question"])
        for number, article in enumerate(articles)
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ]

    def audited(in_test):
        sides = [[row for row, chosen in zip(rows, in_test, strict=True) if chosen == side] for side in (False, True)]
        questions, contexts = ([[row[i] for row in side] for side in sides] for i in (2, 1))
        return near(frame_of_texts(*questions, context=tuple(contexts)))

    assert audited([row[0] % 5 == 0 for row in rows]).status == "clean"
    outcome = audited((np.random.default_rng(0).random(len(rows)) < 0.2).tolist())
    shared = next(finding for finding in outcome.findings if finding.subject == "context")
    assert (shared.severity, shared.measured["test_rate"]) == ("warning", 1.0)
