"""What an example needs that is not installed everywhere; a test that lacks it says so and skips."""

import importlib.util
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"
EXPERIMENTS = sorted(file for file in EXAMPLES.glob("*/*.yaml") if file.name != "policy.yaml")
PACKAGES = {
    "huggingface": ("torch", "transformers", "accelerate"), "jax": ("jax", "optax"), "keras": ("torch", "keras"),
    "lightgbm": ("lightgbm",), "lightning": ("torch", "lightning"), "warm_start": ("sklearn",), "xgboost": ("xgboost",),
}  # fmt: skip


def need(example: str) -> None:
    """Skip, naming the package that is missing."""
    for package in PACKAGES.get(example, ()):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs the package {package}: python -m pip install --group adapters")
