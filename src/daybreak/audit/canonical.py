"""Values made comparable: what two programs wrote of one thing becomes one value, before anything is compared.

Numbers are float64 with one NaN (null and NaN alike) and no -0.0. Text is Unicode NFC (UAX #15), stripped, its runs of spaces and line
ends (CRLF, too) one space. Class labels are text: "1", 1 and 1.0 are one class. `both` brings two sides to the coarser
precision of the two, `labels` finds classes that differ only in how they are written (adult's test labels end with a dot).
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.audit.about import Column

Codes = np.ndarray[Any, np.dtype[np.int64]]
MISSING = -1  # the code of a label that is not there

_SPACES = r"[\s\v\p{Zs}\x{0085}\x{2028}\x{2029}\x{200b}\x{feff}]+"
_WHOLE = r"^\s*\+?(-?(?:0|[1-9][0-9]{0,15}))\.0*\s*$"  # "3.0", "3."; not "1.10", which may be a version, nor "007"
_NUMERIC = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
_BITS = {"true": "1", "false": "0"}
_NOT_A_VALUE = ("", "nan", "null")  # "none" and "NA" may be classes


def canonical(array: pa.Array | pa.ChunkedArray, column: Column) -> pa.Array:
    """The values of one side by the column's type, of the same length.

    number, integer, boolean: float64, missing is NaN, no nulls; category: text of labels, missing is null; text: string;
    time: timestamp[us] without a zone (in UTC), or normalised text where it cannot be read; image, audio, vector: a list whose values have
    one NaN and no -0.0; digest: as it is; empty: nulls.
    """
    array = plain(array)
    if column.type in {"number", "integer", "boolean"}:
        return numbers(array)
    if column.type == "category":
        return label_texts(array)
    if column.type == "text":
        return texts(array)
    if column.type == "time":
        return times(array)
    if pa.types.is_fixed_size_list(array.type):
        return _lists(array)
    return array


def both(train: pa.Array, test: pa.Array, column: Column) -> tuple[pa.Array, pa.Array]:
    """Canonical values of two sides at the coarser precision of the two: equal where the values are one."""
    train, test = plain(train), plain(test)
    if pa.types.is_integer(train.type) and pa.types.is_integer(test.type) and column.type != "category":
        return train.cast(pa.int64(), safe=False), test.cast(pa.int64(), safe=False)
    if column.type in {"category", "text"} and is_numeric(train.type) != is_numeric(test.type):
        return numbers(train), numbers(test)
    left, right = canonical(train, column), canonical(test, column)
    if column.type == "category":
        return bits(left), bits(right)
    coarse = {pa.float32(), pa.float16()} & {train.type, test.type}
    if coarse and pa.types.is_float64(left.type):
        left, right = (side.cast(min(coarse, key=lambda kind: kind.bit_width), safe=False) for side in (left, right))
    return left, right


def plain(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array without dictionaries, views or large offsets."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
        array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array.cast(pa.string()) if is_text(array.type) and not pa.types.is_string(array.type) else array


def is_text(kind: pa.DataType) -> bool:
    """Whether it is a string of any width."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_numeric(kind: pa.DataType) -> bool:
    """Whether it is a number or a truth value."""
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    )


def numbers(array: pa.Array) -> pa.Array:
    """float64 without nulls: missing, and text that is no number, is NaN; -0.0 is 0.0; true is 1."""
    if is_text(array.type):
        array = _parsed(array)
    elif pa.types.is_boolean(array.type):
        array = array.cast(pa.uint8())
    elif not is_numeric(array.type):
        array = array.cast(pa.int64()) if pa.types.is_temporal(array.type) else pa.nulls(len(array), pa.float64())
    array = array.cast(pa.float64(), safe=False)
    if array.null_count:
        array = array.fill_null(float("nan"))
    values = np.array(array.to_numpy(zero_copy_only=False))
    values += 0.0
    values[np.isnan(values)] = np.nan
    return pa.array(values)


def _parsed(array: pa.Array) -> pa.Array:
    """Text as numbers, null where it is none; "true" and "false" are 1 and 0."""
    lower = pc.utf8_lower(pc.utf8_trim_whitespace(array))
    truth = pc.if_else(pc.equal(lower, "true"), "1", pc.if_else(pc.equal(lower, "false"), "0", lower))
    fits = pc.match_substring_regex(truth, _NUMERIC)
    bare = pc.replace_substring_regex(pc.if_else(fits, truth, None), r"^\+", "")
    return bare.cast(pa.float64())


def texts(array: pa.Array) -> pa.Array:
    """Normalised text; what is not text is written as such."""
    array = array if is_text(array.type) else _written(array)
    if not pc.all(pc.string_is_ascii(array), min_count=0).as_py():
        array = pc.utf8_normalize(array, form="NFC")
    return pc.utf8_trim(pc.replace_substring_regex(array, _SPACES, " "), " ")


def _written(array: pa.Array) -> pa.Array:
    if pa.types.is_nested(array.type) or pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        return pa.array([None if value is None else str(value) for value in array.to_pylist()], pa.string())
    return array.cast(pa.string())


def label_texts(array: pa.Array) -> pa.Array:
    """Class labels as text: 1, 1.0, "1" and " 1.0" are "1", truth values "true" and "false"; null where there is none."""
    encoded = (_written(array) if pa.types.is_nested(array.type) else array).dictionary_encode()
    values = encoded.dictionary
    if pa.types.is_floating(values.type):
        values = numbers(values)
        values = pc.if_else(pc.is_nan(values), None, values)
    known = pc.replace_substring_regex(texts(values), _WHOLE, r"\1")
    lower = pc.utf8_lower(known)
    known = pc.if_else(pc.is_in(lower, pa.array(["true", "false"])), lower, known)
    known = pc.if_else(pc.equal(known, "-0"), "0", known)
    known = pc.if_else(pc.is_in(lower, pa.array(_NOT_A_VALUE)), pa.scalar(None, pa.string()), known)
    return known.take(encoded.indices)


def bits(labels: pa.Array) -> pa.Array:
    """Canonical labels in which truth values are "1" and "0": one program writes true where another writes 1."""
    for word, bit in _BITS.items():
        labels = pc.if_else(pc.equal(labels, word), bit, labels)
    return labels


def times(array: pa.Array) -> pa.Array:
    """Moments as timestamp[us] in UTC; numbers as they are (float64); text that is no moment as normalised text."""
    if is_text(array.type):
        try:
            array = pc.utf8_trim_whitespace(array).cast(pa.timestamp("us"))
        except pa.ArrowInvalid:
            return texts(array)
    if not (pa.types.is_timestamp(array.type) or pa.types.is_date(array.type)):
        return numbers(array)
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp(array.type.unit))
    return array.cast(pa.timestamp("us"), safe=False)


def _lists(array: pa.Array) -> pa.Array:
    """A list of numbers whose values have one NaN and no -0.0; the list's own nulls stay."""
    values = array.values.slice(array.offset * array.type.list_size, len(array) * array.type.list_size)
    if pa.types.is_floating(values.type):
        values = numbers(values).cast(values.type, safe=False)
    mask = array.is_null() if array.null_count else None
    return pa.FixedSizeListArray.from_arrays(values, array.type.list_size, mask=mask)


class Spelling(NamedTuple):
    """How the classes of two sides are brought together. `says`: "" where they were written alike."""

    train: Callable[[str], str]
    test: Callable[[str], str]
    says: str = ""


def labels(train: pa.Array, test: pa.Array) -> tuple[Codes, Codes, tuple[str, ...]]:
    """Class codes of both sides, from 0 in the order of the sorted canonical classes, and those; -1 where a label is missing."""
    left, right = label_texts(plain(train)), label_texts(plain(test))
    how = spelling(_classes(left), _classes(right))
    mine, other = _renamed(left, how.train), _renamed(right, how.test)
    classes = tuple(sorted({*_classes(mine), *_classes(other)}, key=_by_number))
    return _codes(mine, classes), _codes(other, classes), classes


def spelling(train: Iterable[str], test: Iterable[str]) -> Spelling:
    """The mildest change of writing that makes more of test's classes known in train, and merges no two classes of a side.

    Tried: punctuation that ends all labels of a side, truth values against 0 and 1, capital letters.
    """
    mine, other = set(train), set(test)
    best, found = _SAME, len(mine & other)
    for how in _spellings(mine, other):
        left, right = {how.train(name) for name in mine}, {how.test(name) for name in other}
        if len(left & right) > found and len(left) == len(mine) and len(right) == len(other):
            best, found = how, len(left & right)
    return best


def _same(name: str) -> str:
    return name


_SAME = Spelling(_same, _same)


def _spellings(train: set[str], test: set[str]) -> Iterable[Spelling]:
    for mark in ".,;:!":
        for side, names in (("train", train), ("test", test)):
            if names and all(name.endswith(mark) and len(name) > 1 for name in names):
                cut = _cutting(mark)
                says = f"all labels of {side} end with '{mark}', which was taken off"
                yield Spelling(cut, _same, says) if side == "train" else Spelling(_same, cut, says)
    yield Spelling(_bit, _bit, "true and false were read as 1 and 0")
    yield Spelling(str.casefold, str.casefold, "capital and small letters of labels were taken as the same")


def _cutting(mark: str) -> Callable[[str], str]:
    return lambda name: name.removesuffix(mark).rstrip()


def _bit(name: str) -> str:
    return _BITS.get(name, name)


def _classes(array: pa.Array) -> list[str]:
    return [name for name in pc.unique(array).to_pylist() if name is not None]


def _renamed(array: pa.Array, how: Callable[[str], str]) -> pa.Array:
    encoded = array.dictionary_encode()
    names = [None if name is None else how(name) for name in encoded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(encoded.indices)


def _codes(array: pa.Array, classes: tuple[str, ...]) -> Codes:
    found = pc.index_in(array, pa.array(classes, pa.string()))
    return np.asarray(found.fill_null(MISSING).cast(pa.int64()).to_numpy(zero_copy_only=False))


def _by_number(name: str) -> tuple[int, float, str]:
    """Numbers first, by value: 2 before 10."""
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name
