"""What stands in the names of files: the class as a folder, and parts such as speaker and take where all names follow one pattern."""

import re

import pyarrow as pa
import pyarrow.compute as pc

LABEL = "label"
MOST_TOKENS = 8
_CUT = re.compile(r"[_\-\s.+=]+")


def label_of(names: pa.Array) -> pa.Array | None:
    """The topmost folder of each file, where every file lies in one, there are several, and they repeat."""
    parts = pc.split_pattern(names, "/", max_splits=1)
    if not len(names) or pc.min(pc.list_value_length(parts)).as_py() < 2:  # noqa: PLR2004
        return None
    first = pc.list_element(parts, 0)
    folders = pc.count_distinct(first).as_py()
    return first if 1 < folders <= max(2, len(names) // 2) else None


def tokens_of(names: pa.Array) -> dict[str, pa.Array]:
    """`@name.0`, `@name.1`, ...: the parts of the names without extension and topmost folder, where all have the same number of parts.

    Parts are separated by `_`, `-`, `.`, `+`, `=` or a space, folders by `/`. Parts that never vary are left out, and so are all if
    there is but one.
    """
    cut: list[list[str]] = []
    has_label = label_of(names) is not None
    for name in names.to_pylist():
        stem = (name.partition("/")[2] if has_label else name).rpartition(".")[0] or name
        cut.append([token for part in stem.split("/") for token in _CUT.split(part) if token])
        if len(cut[-1]) != len(cut[0]):
            return {}
    if not cut or not 1 < len(cut[0]) <= MOST_TOKENS:
        return {}
    columns = {f"@name.{i}": pa.array([tokens[i] for tokens in cut], pa.string()) for i in range(len(cut[0]))}
    return {name: column for name, column in columns.items() if pc.count_distinct(column).as_py() > 1}
