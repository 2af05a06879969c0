"""Frames for tests: from plain arrays, without files."""

from dataclasses import replace

import msgspec
import numpy as np
import pyarrow as pa

from daybreak.audit.about import About, Column
from daybreak.audit.frame import Frame, Part


def column_of(name, values):
    """An Arrow array and its column type from plain values."""
    values = np.asarray(values)
    if values.ndim > 1:
        flat = pa.array(values.reshape(-1))
        size = int(np.prod(values.shape[1:]))
        of_type = {"u": "image", "f": "audio" if values.ndim == 3 else "vector"}[values.dtype.kind]
        return pa.FixedSizeListArray.from_arrays(flat, size), of_type
    kind = values.dtype.kind
    if kind == "M":
        return pa.array(values), "time"
    if kind in "USO":
        return pa.array(values.tolist(), pa.string()), "category"
    return pa.array(values, from_pandas=True), {"f": "number", "i": "integer", "u": "integer", "b": "boolean"}[kind]


def frame_of(train, test, *, target="", task=None, seed=0, ordered=False, declared_task=False, types=None, **purposes):
    """A frame of two dicts column -> values. `purposes`: purpose -> names of columns; `types`: column -> type where it is not guessed."""
    of = {
        name: purpose for purpose, names in purposes.items() for name in ([names] if isinstance(names, str) else names)
    }
    if target:
        of[target] = "target"
    made = {name: [column_of(name, side[name]) for side in (train, test)] for name in train}
    columns = tuple(
        Column(
            name,
            (types or {}).get(name, pair[0][1]),
            of.get(name, "meta" if name.startswith("@meta.") else "name" if name == "@name" else "feature"),
            tuple(np.asarray(train[name]).shape[1:]) if np.asarray(train[name]).ndim > 1 else (),
        )
        for name, pair in made.items()
    )
    sides = [pa.table({name: pair[i][0] for name, pair in made.items()}) for i in (0, 1)]
    if target and task is None:
        task = "classification" if made[target][0][1] in {"category", "boolean", "integer"} else "regression"
    about = About(columns, task, declared_task, ordered=ordered, rows={"train": len(sides[0]), "test": len(sides[1])})
    parts = [Part(side, np.arange(len(side)), len(side)) for side in sides]
    return Frame(about, parts[0], parts[1], seed=seed)


def split_at_random(data, share=0.25, seed=0):
    """Two dicts of a dict of arrays, rows dealt out at random."""
    rows = len(next(iter(data.values())))
    chosen = np.random.default_rng(seed).permutation(rows)
    cut = int(rows * share)
    test, train = np.sort(chosen[:cut]), np.sort(chosen[cut:])
    return ({k: np.asarray(v)[at] for k, v in data.items()} for at in (train, test))


def rows_at(data, at):
    """Those rows of a dict of arrays."""
    return {name: np.asarray(values)[at] for name, values in data.items()}


def aimed(frame, **purposes):
    """The frame with other purposes: column=purpose, or {"@name.1": "group"}."""
    columns = tuple(msgspec.structs.replace(c, purpose=purposes.get(c.name, c.purpose)) for c in frame.about.columns)
    return replace(frame, about=msgspec.structs.replace(frame.about, columns=columns))
