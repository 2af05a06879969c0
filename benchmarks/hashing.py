"""How fast data is hashed, beside blake3 alone on the same files, back to back; and what an unchanged dataset costs.

    python benchmarks/hashing.py [rounds]

One large file (1 GiB) and 8,000 small ones (1-64 KiB), written to a temporary folder and read from memory. The bare library is
called as its documentation shows (`blake3(max_threads=AUTO).update_mmap(path)`), one file after the other; for small files also
with what a careful caller writes: the file's bytes read and hashed, in one thread. Ours is measured with the
cache it writes, and as the whole manifest of a first look, with the walk and the root; the best of some rounds each.
On a machine that others use, too, read the figures per CPU second: threads that share an interpreter suffer most from neighbours.
To reach: hashing at 0.70 of the faster of the bare ways; an unchanged dataset under 150 ms.
"""

import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from blake3 import blake3

from daybreak.provenance.data.capturing import read
from daybreak.provenance.data.hashing import Hasher
from daybreak.provenance.data.stat_cache import StatCache
from daybreak.provenance.data.walk import files_below

GOAL = 0.70
LARGE = 2**30
SMALL = 8_000


class Took(NamedTuple):
    wall: float
    cpu: float  # of all threads


def write(folder: Path) -> tuple[Path, Path]:
    chance = random.Random(7)
    large, small = folder / "large", folder / "small"
    large.mkdir()
    block = chance.randbytes(2**22)
    with (large / "one.bin").open("wb") as file:
        for number in range(LARGE // len(block)):
            file.write(number.to_bytes(8, "little") + block[8:])
    for number in range(SMALL):
        place = small / f"{number % 50:02}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.bin").write_bytes(block[: chance.randint(2**10, 2**16)])
    return large, small


def mapped(files: list[str]) -> None:
    for file in files:
        blake3(max_threads=blake3.AUTO).update_mmap(file).digest()


def whole(files: list[str]) -> None:
    for file in files:
        with open(file, "rb") as opened:
            blake3(opened.read()).digest()


def timed(call) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def hashing(folder: Path) -> Took:
    """Reading and hashing files that were never seen, and writing the cache."""
    with tempfile.TemporaryDirectory() as scratch, StatCache(Path(scratch) / "cache.db") as cache:
        found = list(files_below(folder))
        return timed(lambda: Hasher(cache).hashes(folder, found))


def whole_manifest(folder: Path) -> Took:
    """The same with the walk, a stat a file, and the root."""
    with tempfile.TemporaryDirectory() as scratch, StatCache(Path(scratch) / "cache.db") as cache:
        return timed(lambda: read(str(folder), Hasher(cache)))


def again(folder: Path, rounds: int) -> float:
    """An unchanged dataset: milliseconds."""
    with tempfile.TemporaryDirectory() as scratch, StatCache(Path(scratch) / "cache.db") as cache:
        read(str(folder), Hasher(cache, clock=lambda: 2**62))
        return 1000 * min(timed(lambda: read(str(folder), Hasher(cache))).wall for _ in range(rounds))


def compare(name: str, folder: Path, bare: dict, rounds: int) -> None:
    files = [str(file) for file in folder.rglob("*") if file.is_file()]
    size = sum(os.path.getsize(file) for file in files)
    mapped(files)  # in memory
    own = {"our hashing": lambda _: hashing(folder), "our whole manifest": lambda _: whole_manifest(folder)}
    ways = {way: (lambda files, call=call: timed(lambda: call(files))) for way, call in bare.items()} | own
    took = {way: [] for way in ways}
    for _ in range(rounds):
        for way, call in ways.items():
            took[way].append(call(files))
    wall = {way: min(one.wall for one in found) for way, found in took.items()}
    cpu = {way: min(one.cpu for one in found) for way, found in took.items()}
    best, cheapest = min(wall[way] for way in bare), min(cpu[way] for way in bare)
    for way in ways:
        rates = f"{size / wall[way] / 1e9:6.2f} GB/s {best / wall[way]:5.2f}    {size / cpu[way] / 1e9:6.2f} GB per CPU second"
        print(f"{name:>18}  {way:<20} {rates} {cheapest / cpu[way]:5.2f}")
    ratio = best / wall["our hashing"]
    print(f"{'':>18}  our hashing, to reach {GOAL:.2f} of the bare library: {'reached' if ratio >= GOAL else 'MISSED'}")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as scratch:
        large, small = write(Path(scratch))
        print(f"{os.cpu_count()} processors")
        compare("1 file of 1 GiB", large, {"update_mmap, AUTO": mapped}, rounds)
        compare(f"{SMALL:,} small files", small, {"update_mmap, AUTO": mapped, "read and hash": whole}, rounds)
        print(f"{'unchanged':>18}  {SMALL:,} files            {again(small, rounds):6.1f} ms  (to reach: 150 ms)")


if __name__ == "__main__":
    main()
