"""The rules: each with the question it answers and where its audit stands; imported when it is asked for.

A *fold* reads every row (`fold.FoldMaker`), an *examination* looks at the sample (`frame.Frame`). Either raises
`NotApplicable` when it has nothing to look at. Rules that need more than the data (code, a model, the platform's counts) stand
in the room above and are listed there.
"""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from daybreak.audit.outcome import Outcome

if TYPE_CHECKING:  # pyarrow comes with an audit; the gate, which asks for the names of rules alone, does without
    from daybreak.audit.fold import FoldMaker
    from daybreak.audit.frame import Frame

Examination = Callable[["Frame"], Outcome]


class Rule(NamedTuple):
    """One audit. `where`: module:name below `daybreak.audit`."""

    name: str
    how: Literal["fold", "examination"]
    where: str
    question: str


RULES = (
    Rule("overlap.exact", "fold", "overlap.exact:exact", "Do test samples stand in train, value for value?"),
    Rule("overlap.near.table", "examination", "overlap.tables:near", "Do test rows stand in train but for small changes?"),
    Rule("overlap.near.image", "examination", "overlap.images:near", "Do test pictures stand in train, shifted, flipped, recoded?"),
    Rule("overlap.near.text", "examination", "overlap.texts:near", "Do test texts stand in train but for a few words?"),
    Rule("overlap.near.audio", "examination", "overlap.audio:near", "Do test recordings stand in train, cut or recoded?"),
    Rule("overlap.near.series", "examination", "overlap.series:near", "Do windows of the test series stand in train?"),
    Rule("contamination", "examination", "overlap.contamination:ngrams", "Do long word sequences of test texts stand in train?"),
    Rule("groups", "examination", "groups:groups", "Do train and test share a patient, speaker, scene, file family?"),
    Rule("time", "examination", "time:order", "Is test data older than train data?"),
    Rule("target_leak", "examination", "leak:single_features", "Does a single column give the target away?"),
    Rule("fingerprints", "examination", "fingerprints:fingerprints", "Was it imputed or scaled before the split?"),
    Rule("oversampling", "examination", "oversampling:segments", "Were samples made up between train and test rows?"),
    Rule("label_errors", "examination", "labels:errors", "Which labels are probably wrong?"),
    Rule("shortcuts", "examination", "shortcuts:metadata", "Can the target be guessed without looking at the content?"),
    Rule("shift", "examination", "shift:shift", "Does test data come from elsewhere?"),
    Rule("test_better", "examination", "better:test_better_than_train", "Is the score on test better than on train?"),
)  # fmt: skip


def find(rule: Rule) -> "FoldMaker | Examination":
    """The audit of a rule. Raises `ImportError` with the missing package where an extra is not installed."""
    module, _, name = rule.where.partition(":")
    return cast("FoldMaker | Examination", getattr(import_module(f"daybreak.audit.{module}"), name))
