"""Scripts, notebooks and folders as people have them: magics, cells that do not parse, other encodings."""

import json

import pytest

from daybreak.base.errors import UsageError
from daybreak.validation.code_files import audit_code

LEAK = """from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split
import pandas as pd
X = pd.read_csv("a.csv")
X = StandardScaler().fit_transform(X)
X_train, X_test = train_test_split(X)
"""


def notebook(path, *cells):
    made = [{"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)} for kind, text in cells]
    path.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_a_script_gives_a_report(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(LEAK)
    seen = []
    report = audit_code([script], progress=lambda done, of: seen.append((done, of)))
    assert report.kind == "code"
    assert report.verdict == "findings"
    assert report.exit_status == 0  # a warning blocks nothing
    assert [finding.rule for finding in report.findings] == ["code.fit_before_split"]
    assert report.answers[0].measured == {"files": 1, "lines": 7, "unreadable": 0}
    assert seen == [(1, 1)]
    assert report.code != audit_code([_other(tmp_path)]).code


def _other(folder):
    (folder / "other.py").write_text("x = 1\n")
    return folder / "other.py"


def test_a_notebook_is_read_in_the_order_of_its_cells_without_its_magics(tmp_path):
    path = notebook(
        tmp_path / "work.ipynb",
        ("markdown", "# Title"),
        (
            "code",
            "%matplotlib inline\n!pip install x\nimport pandas as pd\nfiles = !ls\ndf = pd.read_csv('a.csv')\ndf.head?",
        ),
        ("code", "%%bash\necho not python"),
        ("code", "%%time\nfrom sklearn.preprocessing import StandardScaler\nX = StandardScaler().fit_transform(df)"),
        ("code", "from sklearn.model_selection import train_test_split\n%time X_train, X_test = train_test_split(X)"),
    )
    report = audit_code([path])
    (finding,) = report.findings
    assert [(place.file, place.line) for place in finding.places] == [(f"{path} cell 4", 3), (f"{path} cell 5", 2)]
    assert f"{path} cell 4 line 3" in finding.what
    assert finding.places[0].text == "X = StandardScaler().fit_transform(df)"
    assert report.answers[0].why == ""


def test_a_broken_cell_is_named_and_the_others_are_read(tmp_path):
    broken = "if True print('x')"
    path = notebook(tmp_path / "n.ipynb", ("code", "import pandas as pd"), ("code", broken), ("code", LEAK))
    report = audit_code([path])
    assert [finding.rule for finding in report.findings] == ["code.fit_before_split", "code.unread"]
    assert [(place.file, place.line) for place in report.findings[1].places] == [(f"{path} cell 2", 1)]
    assert "n.ipynb cell 2" in report.answers[0].why
    assert report.answers[0].status == "findings"


def test_a_script_that_does_not_parse_fails_alone(tmp_path):
    (tmp_path / "old.py").write_text("print 'python 2'\n")
    report = audit_code([tmp_path / "old.py"])
    assert report.answers[0].status == "failed"
    assert report.exit_status == 2
    assert "line 1" in report.answers[0].why
    (tmp_path / "new.py").write_text(LEAK)
    report = audit_code([tmp_path])
    assert report.verdict == "findings"
    assert report.answers[0].measured["unreadable"] == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf" + LEAK.encode(),  # with a byte order mark
        b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + LEAK.encode(),
        LEAK.replace("\n", "\r\n").encode(),
    ],
)
def test_scripts_in_other_encodings_are_read(tmp_path, raw):
    (tmp_path / "s.py").write_bytes(raw)
    assert [finding.rule for finding in audit_code([tmp_path / "s.py"]).findings] == ["code.fit_before_split"]


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[1, 2]", b"\x00\x01\x02", b'{"cells": 3}', b'{"cells": [null, {"cell_type": "code"}]}']
)
def test_what_is_no_notebook_is_told(tmp_path, raw):
    (tmp_path / "n.ipynb").write_bytes(raw)
    report = audit_code([tmp_path / "n.ipynb"])
    assert {finding.rule for finding in report.findings} <= {"code.unread"}


def test_folders_are_walked_without_what_is_installed(tmp_path):
    for folder in ("src", ".venv/lib", "node_modules", "src/__pycache__"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "train.py").write_text(LEAK)
    report = audit_code([tmp_path], root=tmp_path)
    assert [finding.files for finding in report.findings] == [("src/train.py",)]


def test_wrong_paths_say_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        audit_code([tmp_path / "missing.py"])
    (tmp_path / "data.csv").write_text("a\n")
    with pytest.raises(UsageError, match=r"\.py and \.ipynb"):
        audit_code([tmp_path / "data.csv"])
    with pytest.raises(UsageError, match="holds no"):
        audit_code([tmp_path])
