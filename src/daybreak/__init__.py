"""Daybreak: search, train and keep the best model.

The public face: lazy re-exports, imported by nobody inside the package. In training code: `daybreak.Run` (for annotations),
`daybreak.run(main)`, `daybreak.log(...)`, `daybreak.load_checkpoint(file)`. In programs: `daybreak.Experiment`, `daybreak.Client`,
`daybreak.audit.run(train=..., test=...)`;
what a model takes and gives: `daybreak.Signature`, `Field`, `Output`, `Step`, `infer_signature(...)`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from daybreak import audit as audit
    from daybreak.client.client import Client as Client
    from daybreak.client.experiment import Experiment as Experiment
    from daybreak.client.experiment import Result as Result
    from daybreak.registry.package import Step as Step
    from daybreak.signature.fields import Field as Field
    from daybreak.signature.fields import Output as Output
    from daybreak.signature.fields import Signature as Signature
    from daybreak.signature.inferring import infer_signature as infer_signature
    from daybreak.train.alone import run as run
    from daybreak.train.codec import load_checkpoint as load_checkpoint
    from daybreak.train.log import log as log
    from daybreak.train.order.augmentation import sample_seeds as sample_seeds
    from daybreak.train.order.augmentation import sample_stream as sample_stream
    from daybreak.train.order.loader import loader as loader
    from daybreak.train.order.permutation import batches as batches
    from daybreak.train.order.permutation import order as order
    from daybreak.train.order.sampler import OrderSampler as OrderSampler
    from daybreak.train.run import Run as Run
    from daybreak.train.shards.sharded import sharded as sharded
    from daybreak.train.states import by_pickle as by_pickle

_WHERE = {
    "Client": "client.client",
    "Experiment": "client.experiment",
    "Field": "signature.fields",
    "OrderSampler": "train.order.sampler",
    "Output": "signature.fields",
    "Result": "client.experiment",
    "Run": "train.run",
    "Signature": "signature.fields",
    "Step": "registry.package",
    "batches": "train.order.permutation",
    "by_pickle": "train.states",
    "infer_signature": "signature.inferring",
    "load_checkpoint": "train.codec",
    "loader": "train.order.loader",
    "log": "train.log",
    "order": "train.order.permutation",
    "run": "train.alone",
    "sample_seeds": "train.order.augmentation",
    "sample_stream": "train.order.augmentation",
    "sharded": "train.shards.sharded",
}

__all__ = [
    "Client",
    "Experiment",
    "Field",
    "OrderSampler",
    "Output",
    "Result",
    "Run",
    "Signature",
    "Step",
    "audit",
    "batches",
    "by_pickle",
    "infer_signature",
    "load_checkpoint",
    "loader",
    "log",
    "order",
    "run",
    "sample_seeds",
    "sample_stream",
    "sharded",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for, when it is asked for."""
    if name == "audit":
        return import_module("daybreak.audit")
    if name not in _WHERE:
        raise AttributeError(f"module 'daybreak' has no attribute {name!r}; it offers {', '.join(__all__)}")
    return getattr(import_module(f"daybreak.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return __all__
