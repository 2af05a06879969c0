"""What users read when a file is wrong: each file in `faulty/` beside the whole message it gets.

`DAYBREAK_UPDATE_GOLDEN=1 pytest tests/golden/spec` writes the messages anew; read the difference before it is committed.
"""

import os
from pathlib import Path

import pytest

from daybreak.base.errors import SpecError
from daybreak.spec.loading import load

FAULTY = Path(__file__).parent / "faulty"


@pytest.mark.parametrize("file", sorted(FAULTY.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_fault_is_told_with_its_place(file):
    with pytest.raises(SpecError) as caught:
        load(file.read_text(encoding="utf-8"), source=file.name, folder="/project")
    expected = file.with_suffix(".txt")
    if os.environ.get("DAYBREAK_UPDATE_GOLDEN"):
        expected.write_text(f"{caught.value}\n", encoding="utf-8")
    assert f"{caught.value}\n" == expected.read_text(encoding="utf-8")
