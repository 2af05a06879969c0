"""One home with its controller for all tests of a module."""

import pytest
from cli_process import CommandLine


@pytest.fixture(scope="module")
def daybreak(tmp_path_factory):
    """The command line of a fresh home; its controller is gone when the module is done."""
    command_line = CommandLine(tmp_path_factory.mktemp("cli"))
    yield command_line
    command_line.shut_down()
