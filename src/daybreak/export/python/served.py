"""Packages of models that stay in Python: files that hold no pickle, the code that loads them, the exact versions that it needs."""

import json
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.export.source import Made
from daybreak.registry.package import Runtime
from daybreak.signature.fields import Output

SLOW = "It is served in Python, in a worker process with the library that made it, not by onnxruntime."
OURS = ("sklearn.", "numpy.", "scipy.")  # whose objects stay in a live estimator that skops keeps
BUILT = (  # whose classes are built from a file: others of NumPy and SciPy open files when they are called (memmap, netcdf_file)
    *("sklearn.", "numpy.dtypes.", "numpy.random."),
    *("scipy.interpolate.", "scipy.sparse.", "scipy.spatial.", "scipy.stats."),
)
NOT_BUILT = frozenset(
    {"__main__", "conftest", "datasets", "externals", "tests", "_testing"}
)  # parts of sklearn that do more
SCORES = frozenset(  # what selectors of columns keep: they compute, whatever they are called with
    f"sklearn.feature_selection.{name}"
    for name in (
        *("_univariate_selection.chi2", "_univariate_selection.f_classif", "_univariate_selection.f_regression"),
        *("_univariate_selection.r_regression", "_mutual_info.mutual_info_classif"),
        "_mutual_info.mutual_info_regression",
    )
) | {"numpy.dtype", "numpy.mean"}


def estimator(
    model: Any,
    folder: Path,
    *,
    form: str,
    columns: list[str],
    output: Output,
    scores: bool,
    limits: tuple[str, ...] = (),
) -> Made:
    """A scikit-learn estimator by skops. Raises `UsageError` for one that holds what skops cannot keep, or types of nobody's library."""
    try:
        import skops.io
    except ImportError as error:
        raise UsageError(
            "estimators are kept without pickle by skops, which is missing: pip install 'daybreak[export]'"
        ) from error
    (folder / "model").mkdir(exist_ok=True)
    file = folder / "model" / "model.skops"
    try:
        skops.io.dump(model, file)
        trusted = skops.io.get_untrusted_types(file=file)
    except Exception as error:  # skops' own and those of the types that it walks through
        raise UsageError(f"skops cannot keep a {type(model).__name__}: {str(error)[:200]}") from error
    if foreign := strange(trusted):
        raise UsageError(
            f"what is served in Python is of scikit-learn, NumPy and SciPy, or in a step `python`; got {', '.join(foreign)}"
        )
    classes = [str(label) for label in model.classes_] if output.kind == "label" else []
    told = {
        "form": form,
        "columns": columns,
        "trusted": trusted,
        "classes": classes,
        "scores": scores,
        "kind": output.kind,
        "output": output.name,
    }
    needs = ("scikit-learn", "skops", "numpy", *(("pandas",) if form == "frame" else ()))
    return _made(folder, told, "served_estimator", needs, limits)


def strange(types: list[str]) -> list[str]:
    """Those of a live estimator, beyond skops' own, that are of nobody's known library."""
    return [name for name in types if not name.startswith(OURS)]


def unsafe(types: list[str]) -> list[str]:
    """Those that a file names beyond skops' own and that are not built from it: a file says itself what its functions are called with.

    So a name is safe where it is a class of `BUILT`, defined there and not merely imported, or one of `SCORES`; methods are none.
    """
    return [name for name in types if name not in SCORES and not _built(name)]


def _built(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    if not name.startswith(BUILT) or not NOT_BUILT.isdisjoint(module.split(".")):
        return False
    try:
        found = getattr(import_module(module), attribute, None)
    except ImportError:
        return False
    return isinstance(found, type) and f"{found.__module__}.".startswith(BUILT)


def booster(model: Any, library: str, folder: Path, *, columns: list[str], output: Output) -> Made:
    """A booster of XGBoost or LightGBM in its library's own format."""
    (folder / "model").mkdir(exist_ok=True)
    file = "model.txt" if library == "LightGBM" else "model.ubj"
    model.save_model(str(folder / "model" / file))
    needs = ("lightgbm",) if library == "LightGBM" else (_xgboost(),)
    return _made(
        folder,
        {"file": file, "columns": columns, "kind": output.kind, "output": output.name},
        "served_booster",
        (*needs, "numpy"),
        (),
    )


def _xgboost() -> str:
    """The distribution that brings the module: there is one without GPUs."""
    from importlib.metadata import packages_distributions

    return packages_distributions()["xgboost"][0]


def _made(folder: Path, told: dict[str, Any], module: str, needs: tuple[str, ...], limits: tuple[str, ...]) -> Made:
    (folder / "model" / "served.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    (folder / "code").mkdir(exist_ok=True)
    source = Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8")
    (folder / "code" / f"{module}.py").write_text(source, encoding="utf-8")
    pinned = tuple(f"{name}=={version(name)}" for name in needs)
    return Made(Runtime("python", function=f"{module}:load", requirements=pinned), (), (), (*limits, SLOW))
