"""Waivers: lines that are only added; one that was changed or taken out is noticed, and none counts then."""

import json
import multiprocessing
from datetime import UTC, datetime

import pytest
from gate_evidence import audit, run

from daybreak.audit.outcome import Finding
from daybreak.base.errors import DamagedFile, NotFound, UsageError
from daybreak.base.home import Home
from daybreak.validation import records, waivers, waiving
from daybreak.validation.waivers import Waiver
from daybreak.validation.waiving import Said

A, B = "ab" * 32, "ba" * 32
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def waiver(fingerprint=A, until=NOW + 100, **more):
    return Waiver(fingerprint, "known", "ada", NOW, until, **more)


def test_what_was_said_last_counts(home):
    waivers.append(home, waiver(until=NOW + 10))
    waivers.append(home, waiver(B))
    waivers.append(home, waiver(until=NOW + 50))
    assert waivers.in_force(home, NOW + 20).keys() == {A, B}
    assert waivers.in_force(home, NOW + 60).keys() == {B}
    waivers.append(home, waiver(B, revokes=True))
    assert waivers.in_force(home, NOW + 20).keys() == {A}
    assert [one.standing(NOW + 60) for one in waivers.every(home)] == ["expired", "in force", "expired", "revoked"]


def test_without_any_there_are_none(home):
    assert waivers.in_force(home, NOW) == {}


@pytest.mark.parametrize("hurt", ["change", "take out", "swap", "garble"])
def test_a_line_that_was_changed_or_taken_out_is_noticed(home, hurt):
    for name in (A, B, A):
        waivers.append(home, waiver(name))
    lines = home.waivers.read_text().splitlines()
    if hurt == "change":
        lines[1] = lines[1].replace("ada", "bob")
    elif hurt == "take out":
        del lines[0]
    elif hurt == "swap":
        lines[0], lines[1] = lines[1], lines[0]
    else:
        lines[2] = lines[2][:-5]
    home.waivers.write_text("\n".join(lines) + "\n")
    with pytest.raises(DamagedFile, match=r"line \d"):
        waivers.in_force(home, NOW)


def test_a_line_that_a_crash_cut_off_was_never_there(home):
    waivers.append(home, waiver())
    with home.waivers.open("ab") as file:
        file.write(b'{"fingerprint": "half')
    assert len(waivers.every(home)) == 1
    waivers.append(home, waiver(B))
    assert [one.fingerprint for one in waivers.every(home)] == [A, B]


def _append(path, number):
    waivers.append(Home(path), waiver(f"{number:064x}"))


def test_several_may_waive_at_once(home):
    processes = [multiprocessing.get_context("fork").Process(target=_append, args=(home.path, n)) for n in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert sorted(int(one.fingerprint, 16) for one in waivers.every(home)) == list(range(6))


@pytest.mark.parametrize(
    ("text", "end"),
    [("2026-05-04", datetime(2026, 5, 5, tzinfo=UTC)), ("2026-12-31", datetime(2027, 1, 1, tzinfo=UTC)),
     ("30d", datetime(2026, 6, 3, 12, tzinfo=UTC))],
)  # fmt: skip
def test_an_end_is_a_day_or_a_time_from_now(text, end):
    assert waivers.until(text, NOW) == end.timestamp()


@pytest.mark.parametrize("text", ["2026-05-03", "yesterday", "2026-13-01", "0d", ""])
def test_an_end_lies_in_the_future(text):
    with pytest.raises(UsageError, match=r"--until|future"):
        waivers.until(text, NOW)


class TestWaiving:
    @pytest.fixture
    def found(self, home):
        """Two findings that an audit told of; their fingerprints."""
        subject = run(home.path)
        made = audit(
            subject,
            Finding("shift", "warning", "a differs", "high", subject="a"),
            Finding("code.fit", "error", "fit", "high"),
        )
        records.keep(subject, made.report)
        return {one.rule: one.fingerprint for one in made.report.findings}

    def test_the_first_digits_name_a_finding_and_what_it_said_is_kept(self, home, found):
        made = waiving.waive(home, found["shift"][:12], Said("seasons differ", "30d", "ada"))
        assert (made.fingerprint, made.rule, made.what, made.run) == (found["shift"], "shift", "a differs", "3.1")
        assert waivers.in_force(home).keys() == {found["shift"]}

    def test_it_is_taken_back_by_a_line_more(self, home, found):
        waiving.waive(home, found["shift"], Said("seasons differ", "30d", "ada"))
        waiving.waive(home, found["shift"][:8], Said("they do not", revoke=True, author="bob"))
        assert waivers.in_force(home) == {}
        assert len(waivers.every(home)) == 2

    @pytest.mark.parametrize(
        ("fingerprint", "said", "told"),
        [
            ("0" * 12, Said("x", "1d"), "told of a finding"),
            ("abc", Said("x", "1d"), "8 to 64 hexadecimal digits"),
            ("not-hex-at-all", Said("x", "1d"), "8 to 64 hexadecimal digits"),
            ("0" * 12, Said("  ", "1d"), "has a reason"),
            ("0" * 12, Said("x"), "--until"),
            ("0" * 12, Said("x", revoke=True), "there is no waiver"),
        ],
    )
    def test_mistakes_are_told_and_nothing_is_written(self, home, found, fingerprint, said, told):
        with pytest.raises((UsageError, NotFound), match=told):
            waiving.waive(home, fingerprint, said)
        assert not home.waivers.exists()

    def test_digits_that_name_two_findings_are_too_few(self, home):
        subject = run(home.path)
        several = audit(subject, *(Finding("shift", "warning", "w", "high", subject=str(n)) for n in range(2)))
        report = several.report
        import msgspec

        twins = tuple(
            msgspec.structs.replace(one, fingerprint=f"{'a' * 20}{n:044x}") for n, one in enumerate(report.findings)
        )
        records.keep(subject, msgspec.structs.replace(report, findings=twins))
        with pytest.raises(UsageError, match="names 2 findings"):
            waiving.waive(home, "a" * 12, Said("x", "1d", "ada"))

    def test_somebody_answers_for_it(self, monkeypatch, tmp_path):
        config = tmp_path / "gitconfig"
        config.write_text("[user]\nname = Ada Lovelace\nemail = ada@example.org\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
        monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
        monkeypatch.chdir(tmp_path)
        assert waiving.author() == "Ada Lovelace <ada@example.org>"


class TestRecords:
    def test_an_audit_counts_for_every_run_of_the_same_code_and_data(self, home):
        subject, sibling = run(home.path), run(home.path, trial=2, model="99" * 32)
        records.keep(subject, audit(subject).report)
        assert [one.run for one in records.of_run(sibling)] == ["3.1"]

    def test_and_for_no_run_of_other_code(self, home):
        subject = run(home.path)
        records.keep(subject, audit(subject).report)
        assert records.of_run(run(home.path, code="d0" * 32)) == []

    def test_the_newest_comes_first_and_none_is_written_over(self, home):
        subject = run(home.path)
        for days in (2, 0, 1):
            records.keep(subject, audit(subject, days=days).report)
        records.keep(subject, audit(subject, days=1).report)
        ages = [one.at for one in records.of_run(subject)]
        assert len(ages) == 3
        assert ages == sorted(ages, reverse=True)

    def test_what_json_has_no_word_for_comes_back(self, home):
        import msgspec
        import numpy as np

        subject = run(home.path)
        odd = Finding(
            "shift", "warning", "w", "high", measured={"p": float("nan"), "n": np.float32(0.5), "k": np.int64(3)}
        )
        records.keep(subject, msgspec.structs.replace(audit(subject).report, findings=(odd,)))
        (kept,) = records.of_run(subject)
        measured = kept.report.findings[0].measured
        assert (measured["n"], measured["k"]) == (0.5, 3)
        assert measured["p"] != measured["p"]

    def test_one_that_was_altered_is_noticed(self, home):
        subject = run(home.path)
        file = records.keep(subject, audit(subject, Finding("shift", "error", "w", "high")).report)
        told = json.loads(file.read_text())
        told["report"]["findings"] = []
        file.write_text(json.dumps(told))
        with pytest.raises(DamagedFile, match="altered"):
            records.of_run(subject)
