"""`daybreak.log` in a script."""

import os
import subprocess
import sys

import numpy as np
import pytest

from daybreak.train.log import log


def test_a_line_of_json_on_standard_output(capsys, monkeypatch):
    monkeypatch.delenv("DAYBREAK_METRICS_FD", raising=False)
    log(3, accuracy=np.float32(0.5), loss=float("nan"))
    log(accuracy=1)
    assert capsys.readouterr().out == '{"step": 3, "accuracy": 0.5, "loss": NaN}\n{"accuracy": 1.0}\n'


def test_under_the_platform_the_line_goes_to_the_agent(capsys, monkeypatch):
    read, write = os.pipe()
    monkeypatch.setenv("DAYBREAK_METRICS_FD", str(write))
    log(step=1, accuracy=0.5)
    assert os.read(read, 1000) == b'{"step": 1, "accuracy": 0.5}\n'
    assert capsys.readouterr().out == ""
    os.close(read)
    os.close(write)


def test_what_is_no_number_is_refused():
    with pytest.raises(ValueError, match="could not convert"):
        log(accuracy="high")


def test_importing_it_is_light():
    code = "import sys, daybreak; daybreak.log; print(sorted({'numpy', 'torch', 'msgspec', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
