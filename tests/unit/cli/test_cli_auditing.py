"""An audit on the terminal: what it says of rules that looked at some of the rows."""

from daybreak.cli.auditing import print_report
from daybreak.validation.report import Answer, Report


def test_each_rule_that_looked_at_a_sample_is_named_with_how_many_rows_it_saw(capsys):
    answers = (
        Answer("overlap.exact", "clean"),
        Answer("shift", "clean", looked_at={"train": 5000, "test": 5000}),
        Answer("test_better", "clean", looked_at={"train": 6000, "test": 6000}),
        Answer("shortcuts", "clean", looked_at={"train": 5000, "test": 5000}),
        Answer("time", "not_applicable", looked_at={"train": 10, "test": 10}),
    )
    print_report(Report(findings=(), answers=answers, rows={"train": 32561, "test": 16281}))
    told = [line.split("  ", 1)[1] for line in capsys.readouterr().out.splitlines() if line.startswith("sample")]
    assert told == [
        "shift, shortcuts looked at 5,000 of 32,561 train rows and 5,000 of 16,281 test rows",
        "test_better looked at 6,000 of 32,561 train rows and 6,000 of 16,281 test rows",
    ]
