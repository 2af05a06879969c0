"""Processes forked from one that has imported torch and what its first optimiser asks for, which takes longer than most tests.

For tests of what a process does once it has imported that: those of the imports themselves, and one at least of each kind of training,
start an interpreter.
"""

import multiprocessing
import os
from multiprocessing import forkserver

import pytest


def warm_process(target, *arguments):
    """A process, started, that calls a function with this process's environment, and hashes strings as a warm parent does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONHASHSEED", "0")
        forkserver.ensure_running()
        process = multiprocessing.get_context("forkserver").Process(
            target=_call, args=(target, arguments, dict(os.environ))
        )
    process.start()
    return process


def _call(target, arguments, environment):
    multiprocessing.set_start_method("fork", force=True)  # a child of the fork server would go on with its own way
    os.environ.clear()
    os.environ.update(environment)
    target(*arguments)
