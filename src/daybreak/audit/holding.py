"""Models that contain their data: nearest neighbours, Gaussian processes, kernel machines. Whoever has the file has (some of) the rows."""

import re
from collections.abc import Iterable

from daybreak.audit.outcome import Finding, Outcome, answered

RULE = "model_holds_data"

ALL_ROWS = "every train row"
SOME_ROWS = "some train rows (its support vectors)"
CENTRES = "its centres, which are often train rows"

_HOLDERS = (
    (r"KNeighbors|RadiusNeighbors|NearestNeighbors|KNNImputer|LocalOutlierFactor|\bkNN\b|k-NN", "nearest neighbours", ALL_ROWS),
    (r"GaussianProcess|ExactGP|\bGPR\b|SingleTaskGP|GPRegression|\bGP\b", "a Gaussian process", ALL_ROWS),
    (r"KernelRidge|KernelDensity|KernelPCA|kernel ridge", "a kernel method", ALL_ROWS),
    (r"LabelPropagation|LabelSpreading", "label propagation", ALL_ROWS),
    (r"\bRBF(Network|Net|Layer)\b|RBFInterpolator|radial basis function network", "a radial basis function network", CENTRES),
    (r"TabPFN", "an in-context model", ALL_ROWS),
)  # fmt: skip
_MACHINES = re.compile(r"\b(Nu)?SV[CR]\b|\bOneClassSVM\b|kernel SVM|\bSVM\b", re.IGNORECASE)
_LINEAR = re.compile(r"kernel\s*=\s*['\"]linear['\"]|LinearSV", re.IGNORECASE)


def holds(described: str) -> tuple[str, str, str] | None:
    """(what it is, what of the data it keeps, the name that tells) of a class name or a description such as `SVC(C=2)`; None for others.

    A linear SVC keeps its support vectors, too; `LinearSVC` does not.
    """
    for pattern, kind, keeps in _HOLDERS:
        if found := re.search(rf"\w*(?:{pattern})\w*", described):
            return kind, keeps, found[0]
    if found := _MACHINES.search(re.sub(r"LinearSV[CR]", "", described)):
        return "a support vector machine" + (" (linear)" if _LINEAR.search(described) else ""), SOME_ROWS, found[0]
    return None


def model_holds_data(described: Iterable[str]) -> Outcome:
    """The rule `model_holds_data`, one finding a kind of model. `described`: class names or descriptions of the model and its parts."""
    found = {kept[0]: kept for name in sorted(described, key=len, reverse=True) if (kept := holds(name))}
    return answered(RULE, [_finding(*kept) for _, kept in sorted(found.items())])


def _finding(kind: str, keeps: str, name: str) -> Finding:
    return Finding(
        RULE,
        "info",
        f"The model is {kind} ({name}): its file contains {keeps}.",
        "certain",
        because="That is how such a model predicts: it compares with rows that it keeps.",
        matters="A test row that stands in train is answered by looking it up, and whoever is given the model is given the data.",
        advice="Share the model only with whom the data may be shared; score it on rows that do not overlap with train.",
        subject=name,
    )
