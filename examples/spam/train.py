"""SMS spam: a linear classifier on hashed words and character n-grams, one pass over the training set per epoch.

Data: sms.tsv, one message per line (`ham<TAB>text` or `spam<TAB>text`, no header, quotes mean nothing), named by DAYBREAK_SMS.
On the platform: daybreak run spam.yaml; alone: python train.py --alpha 1e-5.
"""

import os
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import average_precision_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

import daybreak

FILE = Path(os.environ.get("DAYBREAK_SMS", Path(__file__).parents[3] / "shared/data/sms/sms.tsv"))
ANALYZERS = {"words": ("word", (1, 2)), "characters": ("char_wb", (2, 4))}


def prepare():
    """Runs once; every trial shares it: (x_train, x_valid, y_train, y_valid) for each way to cut a text into features."""
    if not FILE.exists():
        raise SystemExit(f"no file {FILE}: set DAYBREAK_SMS to sms.tsv of the SMS Spam Collection")
    # Messages sent twice would stand in both halves: a set keeps one of each.
    lines = sorted(set(FILE.read_text(encoding="utf-8").strip("\n").split("\n")))
    labels, texts = zip(*(line.split("\t", 1) for line in lines), strict=True)
    is_spam = np.array([label == "spam" for label in labels])
    train, valid = train_test_split(np.arange(len(texts)), test_size=0.3, random_state=0, stratify=is_spam)
    prepared = {}
    for name, (analyzer, ngrams) in ANALYZERS.items():
        counts = HashingVectorizer(
            analyzer=analyzer, ngram_range=ngrams, n_features=2**16, norm=None, alternate_sign=False
        )
        x = counts.transform(texts)
        weights = TfidfTransformer(sublinear_tf=True).fit(x[train])
        prepared[name] = weights.transform(x[train]), weights.transform(x[valid]), is_spam[train], is_spam[valid]
        prepared[name, "steps"] = counts, weights
    return prepared | {"messages": [texts[row] for row in valid]}


def main(run):
    p = run.params
    x_train, x_valid, y_train, y_valid = run.prepared[p.features]
    model = SGDClassifier(
        loss=p.loss, alpha=p.alpha, l1_ratio=p.l1_ratio, penalty="elasticnet", learning_rate="constant", eta0=p.lr
    )
    run.keep(model=model)
    weight = np.where(y_train, p.spam_weight, 1.0)

    for _ in run.epochs(27):
        model.partial_fit(x_train, y_train, classes=[False, True], sample_weight=weight)
        scores = model.decision_function(x_valid)
        run.report(average_precision=average_precision_score(y_valid, scores), f1=f1_score(y_valid, scores > 0))

    whole = make_pipeline(*run.prepared[p.features, "steps"], model)  # from a message to its kind
    run.ship(whole, run.prepared["messages"], y_valid, names=["message"], classes=["ham", "spam"], output="kind")


if __name__ == "__main__":
    daybreak.run(main, features="words", loss="log_loss", alpha=1e-5, l1_ratio=0.1, lr=0.5, spam_weight=1.0)
