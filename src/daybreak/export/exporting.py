"""From a trained model to the files of a package, with the proof that both predict alike.

    exported = export(network, Samples(inputs=x_test, targets=y_test, classes=tuple("0123456789")), folder)
    exported.parity.verdict        # "passed", or why not in exported.parity.why

writes into `folder`: model.onnx (or model/ and code/ of one that is served in Python), assets/, parity.json, examples.jsonl and
reference.json; whoever registers it adds name, version and lineage and seals it (`registry.package.seal`).
"""

import shutil
from pathlib import Path
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.export import bare, evidence
from daybreak.export.choosing import Told, first_alike
from daybreak.export.exported import Exported
from daybreak.export.frameworks.onnx import File
from daybreak.export.judging import Judge
from daybreak.export.opening import loaded, opened
from daybreak.export.options import Options
from daybreak.export.parity import not_run
from daybreak.export.samples import Samples
from daybreak.export.stage import Stage
from daybreak.signature.fields import Signature


def export(
    model: Any,
    samples: Samples,
    folder: Path,
    *,
    signature: Signature | None = None,
    options: Options | None = None,
    told: Told = lambda _: None,
) -> Exported:
    """Export `model` into `folder` and compare both on the samples. `signature`: declared, in place of the inferred one.

    `model`: a torch module, scikit-learn estimator or pipeline, Keras model, XGBoost or LightGBM booster or estimator, or where one lies:
    .onnx, .skops, .json or .ubj (XGBoost), .txt (LightGBM), .keras, a folder of Hugging Face, or `frameworks.torch.Checkpoint` (weights
    with the function that builds the network). A failed parity is an answer, not an error; without samples it is "not run": ONNX alone
    allows, whose graph tells its signature. `told` hears what takes a while.

    Raises `UsageError` for a model or samples that cannot be exported, with what to do (a pickle is never loaded), `NotFound`.
    """
    options = _checked(options or Options())
    folder.mkdir(parents=True, exist_ok=True)
    _ship(samples, folder)
    stage = Stage(folder)
    try:
        told("asking the original")
        live = loaded(Path(model)) if isinstance(model, (str, Path)) else model
        if samples.inputs is None and isinstance(live, File):
            return _unseen(live, samples, signature, options, folder)
        original = opened(live, samples, signature, stage)
        judge = Judge(original, samples, options, folder)
        found = first_alike(original, judge, stage, options, folder, told)
    finally:
        stage.close()
    made, judged = found.made, found.judged
    evidence.write(folder, judge, judged)
    return Exported(
        original.source.framework,
        made.runtime,
        judge.signature,
        judged.parity,
        made.before,
        made.after,
        (*made.limits, *found.tried),
        judged.metrics,
    )


def _unseen(file: File, samples: Samples, signature: Signature | None, options: Options, folder: Path) -> Exported:
    made = bare.made(file, samples, folder)
    parity = not_run("nobody gave rows to compare on: register it with samples", options)
    evidence.proof(folder, parity)
    return Exported("ONNX", made.runtime, signature or bare.told(file), parity, made.before, made.after, made.limits)


def _checked(options: Options) -> Options:
    if len(set(options.batches)) < 2 or min(options.batches) < 1:  # noqa: PLR2004
        raise UsageError(f"parity is asked at two or more batch sizes, got {', '.join(map(str, options.batches))}")
    if options.python and options.precision != "float32":
        raise UsageError(f"a model that is served in Python keeps its precision, got {options.precision}")
    return options


def _ship(samples: Samples, folder: Path) -> None:
    """The files that steps need."""
    if samples.assets is not None:
        shutil.copytree(samples.assets, folder / "assets", dirs_exist_ok=True)
    if not any(step.name == "python" for step in (*samples.before, *samples.after)):
        return
    if samples.code is None or not samples.code.exists():
        raise UsageError(f"a step `python` needs `code`, the file or folder of its function, got {samples.code}")
    ignored = shutil.ignore_patterns("__pycache__", ".*", "*.pyc")
    if samples.code.is_dir():
        shutil.copytree(samples.code, folder / "code", dirs_exist_ok=True, ignore=ignored)
    else:
        (folder / "code").mkdir(exist_ok=True)
        shutil.copy2(samples.code, folder / "code" / samples.code.name)
