"""Sizes are law: a module of more than 600 lines fails, one of more than 400 is named; so are functions of more than 40 lines."""

import ast
import sys
from pathlib import Path

SMELL, FAIL, LONG_FUNCTION, FAIL_FUNCTION = 400, 600, 40, 80
VAGUE = {"utils", "util", "helpers", "common", "misc", "manager"}


def main() -> int:
    """Print what is too large; 1 when something fails."""
    failed = False
    for path in sorted(Path("src").rglob("*.py")):
        text = path.read_text()
        lines = text.count("\n")
        if lines > SMELL:
            print(f"{path}: {lines} lines{' (at most 600)' if lines > FAIL else ', smells'}")
        failed |= lines > FAIL
        if path.stem in VAGUE or VAGUE & set(path.parts):
            print(f"{path}: a name says what is inside, {path.stem!r} does not")
            failed = True
        for node in ast.walk(ast.parse(text)):
            # A migration lists tables as they were: that is a picture, not logic.
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "migrations" not in path.parts:
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > LONG_FUNCTION:
                    print(
                        f"{path}:{node.lineno}: {node.name} has {size} lines{', smells' if size <= FAIL_FUNCTION else ''}"
                    )
                failed |= size > FAIL_FUNCTION
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
