"""Where results cannot be written: one sentence and status 2, whichever command writes; never a fault of Daybreak's own."""

import errno
from pathlib import Path

import pytest

from daybreak.base.errors import UsageError
from daybreak.base.writing import unwritable
from daybreak.cli.main import main
from daybreak.cli.writing import of_the_user
from daybreak.testing.packages import regression


@pytest.fixture
def daybreak(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    regression(tmp_path / "price")
    (tmp_path / "rows.csv").write_text("area,rooms,floor,age\n80,3,1,20\n")

    def run(*words):
        with pytest.raises(SystemExit) as ended:
            main([*words])
        return ended.value.code or 0, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("batch", "./price", "rows.csv", "-o", "rows.csv"), "rows.csv: a file is where a folder must be"),
        (("batch", "./price", "rows.csv", "-o", "/proc/out"), "cannot write /proc/out: No such file"),
        (("edge", "keys", "signing", "-o", "none/in.pem"), "cannot write none/in.pem: the folder none does not exist"),
        (("edge", "keys", "device", "-o", "."), "cannot write .: it is a folder; name a file in it"),
        (("bundle", "./price", "-o", "rows.csv", "--container"), "rows.csv: a file is where a folder must be"),
    ],
)
def test_what_cannot_be_written_is_told_in_one_sentence(daybreak, words, said):
    code, told = daybreak(*words)
    assert (code, said in told, len(told.splitlines())) == (2, True, 1), told


def test_a_bundle_is_no_folder(daybreak):
    daybreak("edge", "keys", "signing", "-o", "signer.pem")
    daybreak("edge", "keys", "device", "-o", "device.pem")
    for folder in (".", "/", "price"):
        code, told = daybreak("bundle", "./price", "-o", folder, "--sign", "signer.pem", "--for", "device.pub")
        assert (code, f"cannot write {folder}: it is a folder; name a file in it" in told) == (2, True)


def test_folders_above_a_folder_of_results_are_made(daybreak):
    assert daybreak("batch", "./price", "rows.csv", "-o", "new/of/all")[0] == 0
    assert Path("new/of/all/_manifest.json").is_file()


def test_a_key_is_never_written_over_and_never_ends_in_pub(daybreak):
    assert daybreak("edge", "keys", "signing", "-o", "signer.pem")[0] == 0
    code, told = daybreak("edge", "keys", "signing", "-o", "signer.pem")
    assert code == 2
    assert "never written over, and signer.pem and signer.pub are there; name another" in told
    code, told = daybreak("edge", "keys", "signing", "-o", "other.pub")
    assert code == 2
    assert "other.pub cannot be one; end it in .pem" in told


def test_an_error_on_a_path_of_the_command_line_is_the_users(tmp_path):
    error = NotADirectoryError(errno.ENOTDIR, "Not a directory", str(tmp_path / "c.csv" / "x"))
    assert isinstance(of_the_user(error, ["batch", "-o", f"{tmp_path}/c.csv"]), UsageError)
    assert isinstance(of_the_user(error, ["batch", f"--out={tmp_path}/c.csv"]), UsageError)
    assert of_the_user(error, ["batch", "-o", str(tmp_path / "d.csv")]) is None
    assert of_the_user(OSError("no file at all"), [str(tmp_path)]) is None


def test_a_full_disk_says_what_to_do():
    full = OSError(errno.ENOSPC, "No space left on device", "x.html")
    assert str(unwritable("x.html", full)) == "cannot write x.html: No space left on device; name another place"
