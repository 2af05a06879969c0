"""What an example needs that is not installed everywhere; a test that lacks it says so and skips."""

import importlib.util

import pytest

PACKAGES = {
    "huggingface": ("torch", "transformers", "accelerate"), "jax": ("jax", "optax"), "keras": ("torch", "keras"),
    "lightgbm": ("lightgbm",), "lightning": ("torch", "lightning"), "warm_start": ("sklearn",), "xgboost": ("xgboost",),
}  # fmt: skip


def need(example: str) -> None:
    """Skip, naming the package that is missing."""
    for package in PACKAGES.get(example, ()):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs the package {package}: python -m pip install --group adapters")
