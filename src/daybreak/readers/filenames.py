"""What stands in the names of files: the class as a folder, and parts such as speaker and take where all names follow one pattern."""

import re

import pyarrow as pa
import pyarrow.compute as pc

LABEL = "label"
MOST_TOKENS = 8
CHUNK = 2**15  # names that are Python objects at one time
_BETWEEN = re.compile(r"[_\-\s.+=]+")


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
    has_label = label_of(names) is not None
    chunks: list[list[pa.Array]] = []
    for start in range(0, len(names), CHUNK):
        cut = [_cut(name, has_label=has_label) for name in names[start : start + CHUNK].to_pylist()]
        many = len(chunks[0]) if chunks else len(cut[0])
        if not 1 < many <= MOST_TOKENS or any(len(tokens) != many for tokens in cut):
            return {}
        chunks.append([pa.array(tokens, pa.string()) for tokens in zip(*cut, strict=True)])
    columns = {f"@name.{i}": pa.concat_arrays(parts) for i, parts in enumerate(zip(*chunks, strict=True))}
    return {name: column for name, column in columns.items() if pc.count_distinct(column).as_py() > 1}


def _cut(name: str, *, has_label: bool) -> list[str]:
    stem = (name.partition("/")[2] if has_label else name).rpartition(".")[0] or name
    return [token for part in stem.split("/") for token in _BETWEEN.split(part) if token]
