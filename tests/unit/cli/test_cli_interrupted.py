"""Ctrl-C ends a command with 130, and one sentence says what it leaves behind."""

import pytest

from daybreak.batch import job
from daybreak.cli.main import main
from daybreak.release import registering
from daybreak.testing.packages import mlp


@pytest.fixture
def interrupted(tmp_path, monkeypatch, capsys):
    """A command in a folder with a package, in the middle of which Ctrl-C is pressed: its status, and what it said."""
    monkeypatch.chdir(tmp_path)
    mlp(tmp_path / "model")
    (tmp_path / "rows.csv").write_text("a\n1\n")

    def press(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(job, "start", press)
    monkeypatch.setattr(registering, "of_file", press)

    def run(*words):
        with pytest.raises(SystemExit) as ended:
            main([*words, "--home", "home"])
        said = capsys.readouterr()
        assert said.out == ""
        return ended.value.code, said.err

    return run


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_batch_goes_on_when_it_is_asked_again(interrupted, more):
    told = "stopped; give the same command again and it goes on where it was\n"
    assert interrupted("batch", "./model", "rows.csv", "-o", "out", *more) == (130, told)


def test_a_model_is_registered_whole_or_not_at_all(interrupted):
    assert interrupted("model", "register", "rows.csv", "--name", "x") == (130, "stopped; nothing was registered\n")
