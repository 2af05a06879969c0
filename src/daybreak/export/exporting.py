"""From a trained model to the files of a package, with the proof that both predict alike.

    exported = export(network, Samples(inputs=x_test, targets=y_test, classes=tuple("0123456789")), folder)
    exported.parity.verdict        # "passed", or why not in exported.parity.why

writes into `folder`: model.onnx (or model/ and code/ of one that is served in Python), assets/, parity.json, examples.jsonl and
reference.json; whoever registers it adds name, version and lineage and seals it (`registry.package.seal`).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daybreak.export.options import Options
from daybreak.export.parity import Parity
from daybreak.export.samples import Samples
from daybreak.registry.package import Runtime, Step
from daybreak.signature.fields import Signature


@dataclass(frozen=True)
class Exported:
    """What a package's record is made of. `framework`: of the original; `limits`: where the export differs or fails, in sentences."""

    framework: str
    runtime: Runtime
    signature: Signature
    parity: Parity
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    limits: tuple[str, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)


def export(
    model: Any, samples: Samples, folder: Path, *, signature: Signature | None = None, options: Options | None = None
) -> Exported:
    """Export `model` into an empty `folder` and compare both on the samples. `signature`: declared, in place of the inferred one.

    `model`: a torch module, scikit-learn estimator or pipeline, Keras model, XGBoost or LightGBM booster or estimator, Hugging Face model
    with its tokenizer, or where such a one lies: .onnx, .skops, .json or .ubj (XGBoost), .txt (LightGBM), .keras, a Hugging Face folder,
    or `torch.Checkpoint` (weights with the function that builds the network). A failed parity is an answer, not an error.

    Raises `UsageError` for a model or samples that cannot be exported, with what to do (a pickle is never loaded), `NotFound`.
    """
    raise NotImplementedError
