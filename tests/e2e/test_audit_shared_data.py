"""What is known of real data, an audit says: each set of ../shared/data, as its README tells it, through the public face."""

import csv
from pathlib import Path

import pytest

from daybreak import audit

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not on this machine")
CENSUS = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education_num",
    "marital",
    "occupation",
    "relationship",
    "race",
    "sex",
    "gain",
    "loss",
    "hours",
    "country",
    "income",
]


def said(report, rule):
    """Severity and sentence of each finding of a rule; the audit must have run."""
    assert rule in {one.rule for one in report.answers if one.status in {"clean", "findings"}}
    return [(one.severity, one.what) for one in report.findings if one.rule == rule]


def of_overlap(report):
    """What is measured of test in train."""
    (answer,) = [one for one in report.answers if one.rule == "overlap.exact"]
    return answer.measured["overlap"]["test in train"]


def rows(file, **dialect):
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.reader(lines, **dialect))


def written(file, table):
    with file.open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerows(table)
    return str(file)


def split_of(folder, names, is_test):
    return written(
        folder / "split.csv", [("sample", "split"), *((one, "test" if is_test(one) else "train") for one in names)]
    )


def test_adult_overlaps_as_twins_of_a_census_do():
    report = audit.run(
        DATA / "adult/adult-train.csv", DATA / "adult/adult-test.csv", target="-1", only=["overlap.exact"]
    )
    assert report.rows == {"train": 32561, "test": 16281}
    assert report.verdict == "clean"
    found = of_overlap(report)
    assert found["features_and_label"]["rows"] == 23
    assert found["kind"] == "inherited"


def test_adult_without_the_weight_overlaps_much_more_and_still_by_nature(tmp_path):
    keep = [at for at, name in enumerate(CENSUS) if name != "fnlwgt"]
    sides = {}
    for side in ("train", "test"):
        table = [
            [row[at].strip() for at in keep]
            for row in rows(DATA / f"adult/adult-{side}.csv")
            if len(row) == len(CENSUS)
        ]
        sides[side] = written(tmp_path / f"{side}.csv", table)
    report = audit.run(sides["train"], sides["test"], target="-1", only=["overlap.exact"])
    found = of_overlap(report)
    assert (round(found["features"]["share"], 3), round(found["features"]["null"], 3)) == (0.183, 0.195)
    assert (round(found["features_and_label"]["share"], 3), round(found["features_and_label"]["null"], 3)) == (
        0.159,
        0.170,
    )
    assert found["kind"] == "inherited"
    assert {severity for severity, _ in said(report, "overlap.exact")} <= {"warning", "info"}


def test_messages_split_at_random_inherit_duplicates_and_the_clean_score_is_shown(tmp_path):
    count = 5574
    split = split_of(tmp_path, range(count), lambda row: row % 5 == 0)
    report = audit.run(data=DATA / "sms/sms.tsv", split_by=split, target="0", only=["overlap.exact"])
    assert sum(report.rows.values()) == count
    assert "swallow" in report.findings[0].what or any(one.rule == "input.quoting" for one in report.findings)
    assert of_overlap(report)["kind"] == "inherited"
    assert any(scored.clean and scored.overlapping for scored in report.rescore.scored)


def test_sentences_are_clean_but_for_two():
    report = audit.run(DATA / "sst2/train.tsv", DATA / "sst2/test.tsv", target="-1", only=["overlap", "contamination"])
    assert report.rows == {"train": 6920, "test": 1821}
    assert report.verdict in {"clean", "findings"}
    assert of_overlap(report)["features"]["rows"] == 2


@pytest.mark.parametrize(("colour", "count", "duplicates"), [("red", 1599, 240), ("white", 4898, 937)])
def test_wine_shows_its_duplicates(tmp_path, colour, count, duplicates):
    table = rows(DATA / f"wine/winequality-{colour}.csv")
    assert len(table) == count
    half = written(tmp_path / "test.csv", table[::5])
    rest = written(tmp_path / "train.csv", [row for at, row in enumerate(table) if at % 5])
    report = audit.run(rest, half, target="-1", only=["overlap.exact"])
    within = next(one for one in report.answers if one.rule == "overlap.exact").measured["within"]
    across = len({tuple(row) for row in table[::5]} & {tuple(row) for at, row in enumerate(table) if at % 5})
    assert within["train_rows_that_repeat"] + within["test_rows_that_repeat"] + across == duplicates
    assert of_overlap(report)["kind"] == "inherited"
    assert report.verdict != "blocked"


def recordings():
    return sorted(file.name for file in (DATA / "fsdd/recordings").glob("*.wav"))


def test_digits_spoken_by_people_who_are_in_train_are_told_without_being_declared(tmp_path):
    split = split_of(tmp_path, recordings(), lambda name: sum(map(ord, name)) % 10 == 0)
    report = audit.run(
        data=DATA / "fsdd/recordings", split_by=split, target="@name.0", only=["overlap.exact", "groups"]
    )
    assert sum(report.rows.values()) == 3000
    assert of_overlap(report)["features"]["rows"] == 0
    ((severity, what),) = said(report, "groups")
    assert severity == "warning"
    assert "@name.1" in what
    assert "6 of 6" in what


def test_declared_speakers_of_the_official_split_block(tmp_path):
    split = split_of(tmp_path, recordings(), lambda name: int(name[:-4].split("_")[2]) < 5)
    report = audit.run(
        data=DATA / "fsdd/recordings", split_by=split, target="@name.0", group="@name.1", only=["groups"]
    )
    assert report.rows == {"train": 2700, "test": 300}
    ((severity, what),) = said(report, "groups")
    assert severity == "error"
    assert "on purpose" in what


def test_handwriting_is_clean_when_it_is_cut_in_two(tmp_path):
    names = DATA / "mnist/t10k-images-idx3-ubyte.gz"
    split = split_of(tmp_path, range(10000), lambda row: row >= 8000)
    report = audit.run(data=names, split_by=split, only=["overlap.exact", "overlap.near.image"])
    assert report.rows == {"train": 8000, "test": 2000}
    near = [one for one in report.findings if one.rule == "overlap.near.image"]
    assert sum(len(one.rows.get("test", ())) for one in near) <= 0.002 * 2000
    assert report.verdict != "blocked"
