"""Lines of code that make a result depend on something that nothing pins, found without running them."""

import pytest

from daybreak.proof.suspects import in_text, suspects


def told(text):
    return [(one.kind, one.place) for one in in_text(text, "train.py")]


@pytest.mark.parametrize(
    ("line", "called"),
    [
        ("import numpy as np\nnp.random.default_rng()", "numpy.random.default_rng"),
        ("from numpy.random import default_rng as rng\nrng()", "numpy.random.default_rng"),
        ("import random\nrandom.Random()", "random.Random"),
        ("import random\nrandom.seed()", "random.seed"),
        ("import torch\ntorch.seed()", "torch.seed"),
        ("import os\nos.urandom(8)", "os.urandom"),
    ],
)
def test_an_unseeded_generator_is_named_with_its_line(line, called):
    (found,) = in_text(line, "train.py")
    assert (found.kind, found.place) == ("generator", "train.py:2")
    assert str(found) == f"train.py:2 depends on an unseeded generator, {called}()"
    assert "run.seed" in found.advice


@pytest.mark.parametrize(
    "line",
    [
        "import numpy as np\nnp.random.default_rng(run.seed)",
        "import numpy as np\nnp.random.default_rng(seed=3)",
        "import random\nrandom.seed(3)",
        "import time\ntime.sleep(1)",
        "def default_rng(): ...\ndefault_rng()",  # their own, by a bare name
        "this is no Python",
    ],
)
def test_what_is_seeded_or_depends_on_nothing_is_not_suspected(line):
    assert told(line) == []


def test_time_process_ids_and_addresses_are_named():
    text = "import time, os\nx = time.time()\ny = os.getpid()\norder = sorted(z, key=lambda one: id(one))\n"
    assert sorted(told(text)) == [("address", "train.py:4"), ("process", "train.py:3"), ("time", "train.py:2")]


def test_of_all_files_generators_come_first_and_files_that_are_gone_are_passed_over(tmp_path):
    (tmp_path / "a.py").write_text("import time\ntime.time()\n")
    (tmp_path / "b.py").write_text("import random\nrandom.Random()\n")
    assert [one.place for one in suspects(tmp_path, ["a.py", "b.py", "gone.py"])] == ["b.py:2", "a.py:2"]
