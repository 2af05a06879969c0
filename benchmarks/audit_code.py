"""How long reading code takes, beside Python's own parser, and what it finds in the labelled scripts.

    python benchmarks/audit_code.py [--folder DIR] [--rounds 5]

Milliseconds vary with the machine's load; the ratio to `ast.parse`, measured back to back, does not. `--folder`: any code to run it
over as well, such as scikit-learn's examples; counts of findings are told, to be read one by one.
"""

import argparse
import ast
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "unit" / "audit" / "code"))
from code_corpus import ROOT, tally

from daybreak.audit.code.analysis import analyse
from daybreak.validation.code_files import read_source


def best(action, rounds):
    """The shortest of several runs, in milliseconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        action()
        times.append((time.perf_counter() - began) * 1e3)
    return min(times)


def timed(folder, rounds):
    """Per file: lines, milliseconds of the parser, milliseconds of the analysis (parsing included), its warnings."""
    rows = []
    for path in sorted(p for p in Path(folder).rglob("*") if p.suffix in {".py", ".ipynb"} and p.is_file()):
        source = read_source(path, path.name)
        if not source.text.strip():
            continue
        files = {path.name: source.text}
        parsed = best(lambda files=files: [ast.parse(text) for text in files.values()], rounds)
        read = best(lambda files=files: analyse(files), rounds)
        found = [finding.rule for finding in analyse(files) if finding.severity != "info"]
        rows.append((source.text.count("\n") + 1, parsed, read, found, path))
    return rows


def report(name, rows):
    """One paragraph."""
    milliseconds = sorted(read for _, _, read, _, _ in rows)
    ratio = sum(read for _, _, read, _, _ in rows) / sum(parsed for _, parsed, _, _, _ in rows)
    above = sum(read > 50 for read in milliseconds)
    print(f"{name}: {len(rows)} files, {sum(row[0] for row in rows):,} lines")
    most = milliseconds[int(len(rows) * 0.95)]
    print(f"  median {median(milliseconds):.1f} ms, 95 % below {most:.1f} ms, longest {milliseconds[-1]:.1f} ms")
    print(f"  {above} files above 50 ms; {ratio:.1f} times ast.parse")
    rules = Counter(rule for _, _, _, found, _ in rows for rule in found)
    print(f"  files with a warning: {sum(bool(row[3]) for row in rows)}; {dict(sorted(rules.items()))}")


def main():
    """Time and score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", action="append", default=[])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for part in ("seen", "unseen"):
        result = tally(part)
        leaky = len(result.found) + len(result.missed)
        print(
            f"{part}: {leaky} leaky, recall {result.recall:.3f}; precision {result.precision:.3f}; {len(result.clean)} clean left alone"
        )
    report("labelled scripts", timed(ROOT, options.rounds))
    for folder in options.folder:
        report(folder, timed(folder, options.rounds))


if __name__ == "__main__":
    main()
