"""`python -m daybreak.bootstrap.sampler`: a sampler in a process of its own, because it imports what the controller must not.

Frames on standard input: the resolved spec (JSON), then questions; answers on standard output (msgpack, see `bootstrap.aside`).
Ends when standard input does.
"""

import sys
from typing import BinaryIO

import msgspec

from daybreak.base.errors import DaybreakError
from daybreak.bootstrap.aside import Answer, Question
from daybreak.search.samplers.optuna_adapter import OptunaSampler
from daybreak.spec.models import Experiment
from daybreak.wire.frames import HEADER, pack


def main() -> None:
    """Answer until nobody asks."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a library that prints must not write into the answers
    sampler: OptunaSampler | None = None
    spec = Experiment.model_validate(msgspec.json.decode(_frame(source)))
    while body := _frame(source):
        question = msgspec.msgpack.decode(body, type=Question)
        try:
            sampler = sampler or OptunaSampler(spec, spec.search.sampler)
            answer = Answer(_drawn(sampler, question))
        except DaybreakError as error:
            answer = Answer(refusal=str(error))
        target.write(pack(msgspec.msgpack.encode(answer)))
        target.flush()


def _drawn(sampler: OptunaSampler, question: Question) -> dict[str, object] | None:
    for news in question.news:
        sampler.tell(*news)
    return sampler.ask(question.trial, question.pending)


def _frame(source: BinaryIO) -> bytes:
    """The next frame's body; empty at the end."""
    return source.read(int.from_bytes(source.read(HEADER), "little"))


if __name__ == "__main__":
    main()
