"""Precision and recall on labelled scripts, each leak with a clean counterpart; a third was not run while the analysis was written."""

import pytest
from code_corpus import ROOT, expected, tally

from daybreak.audit.code.rules import WORDINGS


@pytest.mark.parametrize("part", ["seen", "unseen"])
def test_leaks_are_found_and_clean_scripts_left_alone(part):
    result = tally(part)
    assert result.precision >= 0.9, result.false
    assert result.recall >= 0.8, result.missed


def test_the_corpus_is_large_and_covers_every_rule():
    leaky = [path for part in ("seen", "unseen") for path in (ROOT / part / "leaky").iterdir()]
    clean = [path for part in ("seen", "unseen") for path in (ROOT / part / "clean").iterdir()]
    assert len(leaky) >= 60
    assert len(clean) >= 60
    quiet = {"vocabulary_before_split"}  # told as information only
    assert {expected(path) for path in leaky} == {f"code.{rule}" for rule in set(WORDINGS) - quiet}
