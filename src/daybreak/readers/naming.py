"""How a list names samples: by whole path, by file name, without extension, or by a path that is longer than ours."""

from collections.abc import Callable
from pathlib import PurePosixPath


def matched(names: list[str], listed: list[str]) -> list[int | None]:
    """For each name the position in `listed` of what means it, by the strictest way that fits any; None where nothing does."""
    rooted = [unrooted(sample) for sample in listed]
    plain = {sample: i for i, sample in enumerate(rooted)}
    forms: tuple[Callable[[str], str], ...] = (str, _base, _stem, _base_stem)
    for form in forms:
        found = [plain.get(form(name)) for name in names]
        if _fits(found):
            return found
    for shorter in (_base, _base_stem):
        ends = {shorter(sample): i for i, sample in enumerate(rooted)}
        if len(ends) == len(plain):  # otherwise one name would mean several samples
            found = [ends.get(shorter(name)) for name in names]
            if _fits(found):
                return found
    return [None] * len(names)


def _fits(found: list[int | None]) -> bool:
    """Whether something was found, and nothing twice: two files of one name in two folders are not told apart by it."""
    there = [i for i in found if i is not None]
    return bool(there) and len(set(there)) == len(there)


def unrooted(name: str) -> str:
    """Slashes forward, and no `./` before it."""
    return name.strip().replace("\\", "/").removeprefix("./")


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix("")) if "." in _base(name).lstrip(".") else name


def _base_stem(name: str) -> str:
    return _base(_stem(name))
