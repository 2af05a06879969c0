"""The local executor does what every executor must, for functions and for unedited scripts."""

import pytest
from programs import COMMAND, FUNCTION, SCRIPT, bench_of

from daybreak.testing.executor_contract import ExecutorContract


class TestLocalExecutorWithCommands(ExecutorContract):
    @pytest.fixture
    def bench(self, tmp_path):
        bench = bench_of(tmp_path, COMMAND, SCRIPT)
        yield bench
        bench.close()


class TestLocalExecutorWithFunctions(ExecutorContract):
    @pytest.fixture
    def bench(self, tmp_path):
        bench = bench_of(tmp_path, "contract_program:main", FUNCTION)
        yield bench
        bench.close()
