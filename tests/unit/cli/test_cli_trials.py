"""The best trial, told to people."""

from types import SimpleNamespace

from daybreak.cli.trials import print_best

ROW = SimpleNamespace(
    experiment=5, spec={"objectives": [{"metric": "val_loss", "direction": "minimize"}]}, baseline=2.3, summary={}
)


def trial(last):
    return SimpleNamespace(experiment=5, trial=16, score=0.3019, units=27, point={"lr": 0.1}, last={"val_loss": last})


def test_a_best_report_is_not_passed_off_as_the_last(capsys):
    print_best(ROW, trial(0.3079))
    assert "the score is its best report; its last, at 27 units: 0.3079" in capsys.readouterr().out


def test_where_the_last_report_is_the_best_nothing_is_added(capsys):
    print_best(ROW, trial(0.3019))
    assert "its last" not in capsys.readouterr().out
