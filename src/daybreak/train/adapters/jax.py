"""JAX: pytrees that are replaced rather than changed, kept by name; typed keys among them.

    state = State(run, params=params, opt_state=optimizer.init(params), key=key(run, "dropout"))
    for epoch in run.epochs(27):
        state.params, state.opt_state, loss = update(state.params, state.opt_state, jax.random.fold_in(state.key, epoch))
        run.report(loss=loss)

A checkpoint holds each tree's leaves by their path; the structure is that of the trees given here, so optax's states, Flax and Equinox
modules and registered classes of one's own need no pickle. XLA on a CPU splits sums over as many threads as it has: with one thread its
bits differ from those with more (jaxlib 0.10). The platform sets PJRT_NPROC to what the attempt was granted, so that the machine's
number of cores does not matter.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from daybreak.base.errors import UsageError
from daybreak.base.streams import derive_seed
from daybreak.train.adapters import arrays
from daybreak.train.checkpoints import say
from daybreak.train.holders import Holder
from daybreak.train.run import Run

NAME = "jax"
INJECTED = ".hyperparams["  # of optax's InjectStatefulHyperparamsState
THREADS = (
    "XLA uses as many threads as the machine has cores, and its bits with one are not those with more: set PJRT_NPROC"
)
KERNELS = (
    "on an accelerator XLA may choose other kernels in another process: set XLA_FLAGS=--xla_gpu_deterministic_ops=true"
)
Keep = object()  # a leaf that no checkpoint holds, such as a function: the one that is here stays


def key(run: Run, *names: str | int) -> jax.Array:
    """A typed key of the run's, one for each name: `key(run, "init")`, `key(run, "dropout", epoch)`. The same in every attempt."""
    return jax.random.key(derive_seed(run.seed, NAME, *names, bits=32))


class State:
    """Named pytrees; assign new ones as training goes on. Restored at once where the trial goes on from a checkpoint.

    A leaf may be an array of any type (bfloat16 too), a typed key, a number, a bool, text or None; other leaves, such as functions,
    stay those that are here. An array with axes that is weakly typed is made strong when it is assigned. `limits`: where bits may part.
    Raises `UsageError` where a checkpoint's trees are not shaped like these.
    """

    limits: tuple[str, ...]

    def __init__(self, run: Run, **trees: Any) -> None:
        if not trees:
            raise UsageError("State needs at least one tree to keep: State(run, params=params)")
        object.__setattr__(self, "limits", tuple(find_limits()))
        for name, tree in trees.items():
            setattr(self, name, tree)
        for limit in self.limits:
            say(f"not every bit may come again: {limit}")
        injected = Holder("", self._injected, self._inject)
        run.hyperparameters.note(NAME, injected)
        run.keep(**{NAME: (self._save, self._load)})
        run.hyperparameters.bring(NAME, injected)

    def __setattr__(self, name: str, tree: Any) -> None:
        object.__setattr__(self, name, jax.tree.map(_strong, tree))

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A tree."""

    def _trees(self) -> dict[str, Any]:
        return {name: tree for name, tree in vars(self).items() if name != "limits"}

    def _injected(self) -> dict[str, Any]:
        """What `optax.inject_hyperparams` has put into trees; hyperparameters elsewhere are in functions, and in no checkpoint."""
        found = jax.tree_util.tree_leaves_with_path(self._trees())
        return {jax.tree_util.keystr(path): leaf for path, leaf in found if INJECTED in jax.tree_util.keystr(path)}

    def _inject(self, place: str, value: Any) -> None:
        def chosen(path: Any, leaf: Any) -> Any:
            return value if jax.tree_util.keystr(path) == place else leaf

        for name, tree in jax.tree_util.tree_map_with_path(chosen, self._trees()).items():
            object.__setattr__(self, name, tree)

    def _save(self) -> dict[str, Any]:
        trees = {name: dict(_leaves(tree)) for name, tree in self._trees().items()}
        return {"limits": list(self.limits), "trees": trees}

    def _load(self, state: dict[str, Any]) -> None:
        saved, here = state["trees"], self._trees()
        if saved.keys() != here.keys():
            raise UsageError(f"the checkpoint must hold {', '.join(here)}, it holds {', '.join(saved)}")
        for name, tree in here.items():
            object.__setattr__(self, name, _restored(name, tree, saved[name]))


def find_limits() -> Iterator[str]:
    """Where bits may part, each in a sentence. Asks JAX for its devices, which starts its threads."""
    if jax.default_backend() == "cpu":
        if not {"PJRT_NPROC", "NPROC"} & os.environ.keys():
            yield THREADS
    elif "xla_gpu_deterministic_ops=true" not in os.environ.get("XLA_FLAGS", ""):
        yield KERNELS


def _strong(leaf: Any) -> Any:
    """A weakly typed array with axes cannot be made from what a checkpoint holds."""
    return leaf.astype(leaf.dtype) if isinstance(leaf, jax.Array) and _is_weak(leaf) and leaf.ndim else leaf


def _is_weak(leaf: Any) -> bool:
    return bool(getattr(leaf, "weak_type", False))


def _leaves(tree: Any) -> Iterator[tuple[str, Any]]:
    """Path and saved form of each leaf that has one."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        saved = _saved(leaf)
        if saved is not Keep:
            yield jax.tree_util.keystr(path), saved


def _saved(leaf: Any) -> Any:
    """Plain data: numbers as they are, arrays by their type's name and bits, keys by their generator and words."""
    if isinstance(leaf, bool | int | float | complex | str):
        return leaf
    if isinstance(leaf, jax.Array) and jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return {"key": str(jax.random.key_impl(leaf)), "words": np.asarray(jax.random.key_data(leaf))}
    if isinstance(leaf, jax.Array | np.ndarray | np.generic):
        return {"weak": _is_weak(leaf), **arrays.plain(np.asarray(leaf))}
    return Keep


def _restored(name: str, tree: Any, saved: dict[str, Any]) -> Any:
    """`tree` with the saved leaves in their places. Raises `UsageError`."""
    leaves, structure = jax.tree_util.tree_flatten_with_path(tree)
    places = {jax.tree_util.keystr(path): leaf for path, leaf in leaves}
    expected = {place for place, leaf in places.items() if _saved(leaf) is not Keep}
    if expected != saved.keys():
        odd = sorted(expected ^ saved.keys())[:5]
        raise UsageError(f"{name} must have the leaves that the checkpoint holds, they differ in {', '.join(odd)}")
    values = [_made(name + place, leaf, saved[place]) if place in saved else leaf for place, leaf in places.items()]
    return jax.tree.unflatten(structure, values)


def _made(place: str, here: Any, saved: Any) -> Any:
    """The leaf that was saved, where the one that is here lies."""
    if not isinstance(saved, dict):
        return saved
    if "key" in saved:
        return jax.random.wrap_key_data(jnp.array(saved["words"]), impl=saved["key"])
    array = arrays.restored(saved)
    if (array.shape, array.dtype) != (np.shape(here), getattr(here, "dtype", array.dtype)):
        held, wanted = f"{array.dtype}{list(array.shape)}", f"{getattr(here, 'dtype', '')}{list(np.shape(here))}"
        raise UsageError(f"the checkpoint must hold {place} as {wanted}, it holds {held}: it is of another model")
    if not isinstance(here, jax.Array):
        return array.copy() if isinstance(here, np.ndarray) else array[()]
    if saved["weak"]:
        return jnp.asarray(array.item())
    if len(here.sharding.device_set) == 1:
        return jnp.array(array)
    return jax.device_put(array, here.sharding)
