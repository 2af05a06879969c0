"""scikit-learn's text vectorizers as the step `vectorize`, and what is left of the pipeline behind them."""

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from daybreak.base.errors import UsageError
from daybreak.registry.package import Step
from daybreak.signature.fields import Columns

WORDS = 200_000  # a row is as many float32 numbers: 0.8 MB
FILE = "assets/vectorizer.json"


@dataclass(frozen=True)
class Split:
    """The step that counts words, and the estimator that takes the counts; `columns`: of the shape that it takes."""

    step: Step
    rest: Any
    columns: Columns


def split(estimator: Any, column: str, folder: Path) -> Split:
    """Cut a pipeline behind its vectorizer, whose words go to the package's assets. Raises `UsageError` for one that is not data."""
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
    from sklearn.pipeline import Pipeline

    steps = list(getattr(estimator, "steps", []))
    if len(steps) < 2 or type(steps[0][1]) not in (CountVectorizer, HashingVectorizer, TfidfVectorizer):  # noqa: PLR2004
        raise UsageError("a model of texts is a pipeline that begins with a vectorizer to be exported as ONNX")
    vectorizer = steps[0][1]
    behind, sublinear = _behind(vectorizer, [step for _, step in steps[1:]])
    told = {**_told(vectorizer), "sublinear": sublinear}
    (folder / "assets").mkdir(exist_ok=True)
    (folder / FILE).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    width = told.get("buckets") or len(told["words"])
    rest = Pipeline([(f"step_{place}", step) for place, step in enumerate(behind)])
    return Split(Step("vectorize", {"field": column, "to": "x", "file": FILE}), rest, {"x": np.zeros((1, width))})


def _behind(vectorizer: Any, steps: list[Any]) -> tuple[list[Any], bool]:
    """The steps behind the counts, and whether counts go in as 1 + log(count): skl2onnx computes that otherwise and says nothing."""
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer, TfidfVectorizer
    from sklearn.preprocessing import Normalizer

    if isinstance(vectorizer, TfidfVectorizer):
        return [_tfidf(vectorizer), *steps], bool(vectorizer.sublinear_tf)
    norm = vectorizer.norm if isinstance(vectorizer, HashingVectorizer) else None
    if norm:
        return [Normalizer(norm).fit(np.zeros((1, vectorizer.n_features))), *steps], False
    if isinstance(steps[0], TfidfTransformer) and steps[0].sublinear_tf:
        plain = copy.copy(steps[0])
        plain.sublinear_tf = False
        return [plain, *steps[1:]], True
    return steps, False


def _told(vectorizer: Any) -> dict[str, Any]:
    """Everything that counting depends on, as JSON. Raises `UsageError` for functions of the user's."""
    own = [name for name in ("preprocessor", "tokenizer") if getattr(vectorizer, name) is not None]
    if own or callable(vectorizer.analyzer) or callable(vectorizer.strip_accents):
        raise UsageError(f"a vectorizer with functions of its own ({', '.join(own) or 'analyzer'}) is not data")
    low, high = vectorizer.ngram_range
    return {
        **_columns(vectorizer),
        "analyzer": vectorizer.analyzer,
        "ngrams": [low, high],
        "lowercase": bool(vectorizer.lowercase),
        "accents": vectorizer.strip_accents or "",
        "pattern": vectorizer.token_pattern,
        "stop": sorted(vectorizer.get_stop_words() or ()),
        "binary": bool(vectorizer.binary),
    }


def _columns(vectorizer: Any) -> dict[str, Any]:
    vocabulary = getattr(vectorizer, "vocabulary_", None)
    width = vectorizer.n_features if vocabulary is None else len(vocabulary)
    if width > WORDS:
        advice = "n_features" if vocabulary is None else "max_features"
        raise UsageError(f"a row of counts has {WORDS:,} columns at most, got {width:,}; limit them by {advice}")
    if vocabulary is None:
        return {"buckets": width, "signed": bool(vectorizer.alternate_sign)}
    return {"words": sorted(vocabulary, key=vocabulary.__getitem__)}


def _tfidf(vectorizer: Any) -> Any:
    """The fitted TfidfTransformer that a TfidfVectorizer has inside, made again from what it tells of itself."""
    from sklearn.feature_extraction.text import TfidfTransformer

    weights = TfidfTransformer(norm=vectorizer.norm, use_idf=vectorizer.use_idf, smooth_idf=vectorizer.smooth_idf)
    weights.n_features_in_ = len(vectorizer.vocabulary_)
    if vectorizer.use_idf:
        weights.idf_ = vectorizer.idf_
    return weights
