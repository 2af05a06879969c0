"""Near-duplicates among 50,000 short texts, against datasketch in the same run.

Recall of planted exact and near copies and false pairs, seconds of both. datasketch is no dependency: it is looked for in a folder.

    pip install --no-deps --target /tmp/datasketch datasketch
    python benchmarks/audit_texts.py --datasketch /tmp/datasketch [--texts 50000]
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "unit" / "audit"))
from audit_text_planted import frame_of_texts, planted

from daybreak.audit.canonical import texts as as_written
from daybreak.audit.overlap import texts
from daybreak.audit.overlap.compared_texts import first_rows
from daybreak.audit.overlap.shingles import normalised

PERMUTATIONS, THRESHOLD, LENGTH = 128, 0.5, 5


def ours(train, test):
    """Test position -> train position: what overlap.exact and overlap.near.text would name together."""
    frame = frame_of_texts(train, test)
    began = time.perf_counter()
    texts.near(frame)
    seconds = time.perf_counter() - began
    looked = texts.look(frame, frame.about.columns[0])
    found, first = looked.found, first_rows(looked.train)
    copies = found.same | (found.similarity >= looked.judged.least)
    return dict(zip(found.rows[copies].tolist(), first[found.partner[copies]].tolist(), strict=True)), seconds


def theirs(train, test, folder):
    """datasketch's MinHashLSH over the same sequences, each candidate confirmed by the true similarity."""
    sys.path.insert(0, folder)
    from datasketch import MinHash, MinHashLSH

    def sets(side):
        return [{text[i : i + LENGTH].encode() for i in range(max(1, len(text) - LENGTH + 1))} for text in side]

    began = time.perf_counter()
    train, test = (normalised(as_written(side)).to_pylist() for side in (_arrow(train), _arrow(test)))
    points, queries = sets(train), sets(test)
    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    with index.insertion_session() as session:
        for i, sketch in enumerate(MinHash.generator(points, num_perm=PERMUTATIONS)):
            session.insert(i, sketch)
    found = {}
    for i, sketch in enumerate(MinHash.generator(queries, num_perm=PERMUTATIONS)):
        best = max(((_jaccard(queries[i], points[j]), -j) for j in index.query(sketch)), default=(0.0, 0))
        if best[0] >= THRESHOLD:
            found[i] = -best[1]
    return found, time.perf_counter() - began


def _arrow(side):
    import pyarrow as pa

    return pa.array(side, pa.string())


def _jaccard(one, other):
    return len(one & other) / len(one | other)


def say(name, found, seconds, exact, near):
    right = [sum(found.get(test) == train for test, train in pairs.items()) for pairs in (exact, near)]
    false = len([test for test, train in found.items() if {**exact, **near}.get(test) != train])
    print(
        f"{name:12} {seconds:7.2f} s   exact {right[0]}/{len(exact)}   near {right[1]}/{len(near)} "
        f"({right[1] / len(near):.1%})   false {false}"
    )


def main():
    parse = argparse.ArgumentParser()
    parse.add_argument("--texts", type=int, default=50_000)
    parse.add_argument("--datasketch", default="")
    parse.add_argument("--seed", type=int, default=0)
    given = parse.parse_args()
    few = given.texts // 100
    train, test, exact, near = planted(given.texts, np.random.default_rng(given.seed), few, few)
    print(f"{len(train):,} train and {len(test):,} test texts, {sum(map(len, train)) / len(train):.0f} characters each")
    found, seconds = ours(train, test)
    say("daybreak", found, seconds, exact, near)
    if given.datasketch:
        other, rival = theirs(train, test, given.datasketch)
        say("datasketch", other, rival, exact, near)
        print(f"datasketch takes {rival / seconds:.1f} times as long")


if __name__ == "__main__":
    main()
