"""Warming frameworks up, and telling whether a process that has loaded them can still fork safely.

Frameworks import lazily: a first torch optimiser pulls in hundreds of modules, again in every child. One throw-away training step in the
parent makes that a cost paid once. Nothing here may start a thread that stays or touch an accelerator.
"""

import re
import sys
import threading
from typing import Any

from daybreak.train.processes import count_threads

FRAMEWORKS = (
    "numpy",
    "scipy",
    "sklearn",
    "torch",
)  # what a `bare_fork` parent imports on its own: they start no threads
# They start threads or hold locks that a forked child inherits in whatever state they were.
UNSAFE = {
    "polars": "Polars keeps a thread pool that does not survive a fork",
    "grpc": "gRPC does not survive a fork",
    "tensorflow": "TensorFlow is multithreaded and does not survive a fork",
}


def loaded_frameworks() -> list[str]:
    """The public packages of FRAMEWORKS that this process has imported: `torch`, `sklearn.linear_model`, ..."""
    public = re.compile(rf"({'|'.join(FRAMEWORKS)})(\.[a-z]\w*)?")
    return [name for name in sys.modules if public.fullmatch(name)]


def warm_up() -> None:
    """One throw-away training step in every framework that is loaded."""
    if "torch" in sys.modules:
        _warm_torch()
    if "sklearn.neural_network" in sys.modules:
        _warm_perceptron()
    if "sklearn.linear_model" in sys.modules:
        _warm_linear()


def why_unsafe() -> str:
    """Why this process must not fork; empty when it may."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return "CUDA was initialised on import, and a forked child cannot use it"
    for name, why in UNSAFE.items():
        if name in sys.modules:
            return why
    more = count_threads() - 1
    if not more:
        return ""
    names = (
        ", ".join(thread.name for thread in threading.enumerate() if thread is not threading.main_thread())
        or "of a native library"
    )
    if (
        "jax" in sys.modules
    ):  # imported alone it has none and forks well; after its first array a child would wait for ever
        names += ": JAX starts some with its first array or key, leave those to the training function"
    return f"{more} thread{'s' if more > 1 else ''} ({names}) started on import, and a forked child would lack what they hold"


def _warm_torch() -> None:
    import torch
    from torch import nn

    torch.set_num_threads(1)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Dropout(0.1), nn.Flatten(), nn.Linear(8, 2)
    )
    images_NCHW, labels_N = torch.zeros(2, 1, 4, 4), torch.zeros(2, dtype=torch.int64)  # noqa: N806 (shapes: N images, C, H, W)
    if (
        torch.cuda.device_count() == 0
    ):  # with a device, the first backward starts a thread for it that no child would have
        nn.functional.cross_entropy(model(images_NCHW), labels_N).backward()
    else:
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
    for optimiser in (torch.optim.AdamW(model.parameters()), torch.optim.SGD(model.parameters(), momentum=0.9)):
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 2)
        optimiser.step()
        schedule.step()
    dataset = torch.utils.data.TensorDataset(images_NCHW, labels_N)
    next(iter(torch.utils.data.DataLoader(dataset, batch_size=2, shuffle=True)))


def _warm_perceptron() -> None:
    from sklearn.neural_network import MLPClassifier

    _one_step(MLPClassifier(hidden_layer_sizes=(2,)))


def _warm_linear() -> None:
    from sklearn.linear_model import SGDClassifier

    _one_step(SGDClassifier(loss="log_loss"))


def _one_step(classifier: Any) -> None:
    import numpy as np

    x_BF, y_B = np.zeros((4, 2)), np.array([0, 1, 0, 1])  # noqa: N806 (shapes: B rows, F features)
    classifier.partial_fit(x_BF, y_B, classes=[0, 1])
    classifier.predict_proba(x_BF)
    classifier.score(x_BF, y_B)
