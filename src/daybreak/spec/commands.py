"""Commands with placeholders: `python train.py --lr {lr} --noise {augment.noise}`.

A placeholder is a hyperparameter's name in braces; anything else in braces (JSON, a shell's `${HOME}`) is left as it is, and
doubled braces stand for single ones around a name: `{{lr}}` gives `{lr}`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_NAME = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
_PLACEHOLDER = re.compile(rf"\{{(\{{{_NAME}\}})\}}|(?<!\$)\{{({_NAME})\}}")


def placeholders(word: str) -> Iterator[tuple[str, int]]:
    """The names in a word, each with the position of its brace (from 0)."""
    for match in _PLACEHOLDER.finditer(word):
        if match[2] is not None:
            yield match[2], match.start()


def names_used(words: Iterable[str]) -> set[str]:
    """All names that a command's words hold."""
    return {name for word in words for name, _ in placeholders(word)}


def fill(words: Sequence[str], point: Mapping[str, Any]) -> tuple[str, ...]:
    """The words of a command for a point.

    A word with a name that is absent from the point is left out, and so is the option just before it where that word is the option's
    value: `--momentum {momentum}` disappears as a whole where momentum does not apply.
    """
    filled: list[str] = []
    for index, word in enumerate(words):
        if all(name in point for name, _ in placeholders(word)):
            filled.append(_PLACEHOLDER.sub(lambda match: match[1] or _text(point[match[2]]), word))
        elif index and _is_option(words[index - 1]) and not _is_option(word) and filled:
            filled.pop()
    return tuple(filled)


def _is_option(word: str) -> bool:
    return word.startswith("-") and word.strip("-") != "" and "=" not in word and "{" not in word


def _text(value: Any) -> str:
    """Text as it is, everything else as JSON: 0.001, true, null, [1, 2]."""
    return value if isinstance(value, str) else json.dumps(value)
