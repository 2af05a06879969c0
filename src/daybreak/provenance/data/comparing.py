"""What differs between two manifests, or between one and what lies on the disk now."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from daybreak.provenance.data.file import File
from daybreak.provenance.data.manifest import Manifest, by_path

NOWHERE = "-"  # the split of a sample that is in none


class Difference(msgspec.Struct, frozen=True):
    """From an earlier dataset to a later one. Paths are sorted; a file that only changed its name is `renamed`, and nothing else.

    `moved`: samples by name, from which split to which (`-` for none). `versions`: what the two say of their versions, where that
    differs.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    moved: dict[str, tuple[str, str]] = {}
    versions: tuple[str, str] | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Every path that is concerned, sorted; a renamed file by its old name."""
        return tuple(sorted({*self.added, *self.removed, *self.changed, *(old for old, _ in self.renamed)}))

    def __bool__(self) -> bool:
        """Whether anything that an attempt reads differs: a new version of the same files is none."""
        return bool(self.files or self.moved)


def compare(old: Manifest, new: Manifest) -> Difference:
    """What one must do to `old` to have `new`."""
    before, after = by_path(old), by_path(new)
    removed = {path: file for path, file in before.items() if path not in after}
    added = {path: file for path, file in after.items() if path not in before}
    renamed = _renamed(removed, added)
    gone, come = {old for old, _ in renamed}, {new for _, new in renamed}
    return Difference(
        added=tuple(sorted(added.keys() - come)),
        removed=tuple(sorted(removed.keys() - gone)),
        changed=tuple(path for path, file in before.items() if path in after and not same(file, after[path])),
        renamed=tuple(renamed),
        moved=_moved(old.splits, new.splits),
        versions=(old.at, new.at) if old.at != new.at else None,
    )


def same(one: File, other: File) -> bool:
    """Whether two files have the same bytes, as far as both sides know: by hash, else by size and their store's version."""
    if one.blake3 and other.blake3:
        return (one.blake3, one.left_out) == (other.blake3, other.left_out)
    return (one.size, one.tag) == (other.size, other.tag)


def _renamed(removed: Mapping[str, File], added: Mapping[str, File]) -> list[tuple[str, str]]:
    """Pairs of the same bytes under two names; among several equal ones in the order of their names."""
    waiting: dict[tuple[str, int], list[str]] = defaultdict(list)
    for path, file in sorted(added.items(), reverse=True):
        if file.blake3 and file.size:
            waiting[file.blake3, file.size].append(path)
    return [
        (path, waiting[key].pop())
        for path, file in sorted(removed.items())
        if waiting.get(key := (file.blake3, file.size))
    ]


def _moved(old: Mapping[str, Iterable[str]], new: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, str]]:
    if not (old and new):
        return {}  # one side says nothing of splits
    before, after = _splits_of(old), _splits_of(new)
    return {
        sample: (before.get(sample, NOWHERE), after.get(sample, NOWHERE))
        for sample in sorted(before.keys() | after.keys())
        if before.get(sample) != after.get(sample)
    }


def _splits_of(splits: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {sample: split for split, samples in splits.items() for sample in samples}
