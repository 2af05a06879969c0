"""Groups on both sides: declared, guessed by columns and file names, or told by neighbours in the file."""

import numpy as np
import pytest
from audit_frames import aimed, frame_of, rows_at, split_at_random
from audit_opened import adult, needs_data, spoken_digits
from audit_planted import (
    CLEAN,
    PLANTED,
    patients,
    patients_apart,
    patients_unnamed,
    people,
    pictures,
    rows_of_patients,
)

from daybreak.audit.group_alike import alike
from daybreak.audit.group_guessing import guessed
from daybreak.audit.group_names import looks_coded, names_people, names_things
from daybreak.audit.groups import groups
from daybreak.audit.outcome import NotApplicable


def declared(train, test, **more):
    rng = np.random.default_rng(0)
    sides = (
        {"patient": np.array(who), "x": rng.normal(size=len(who)), "y": rng.integers(0, 2, len(who))}
        for who in (train, test)
    )
    return frame_of(*sides, target="y", group="patient", **more)


def severities(outcome):
    return [finding.severity for finding in outcome.findings]


def test_declared_groups_on_both_sides_are_an_error_that_counts_test_rows():
    outcome = groups(declared(["ann", "bob", "bob", "cy"], ["bob", "bob", "dan", "eve"]))
    (finding,) = outcome.findings
    assert (finding.severity, finding.sure, finding.subject) == ("error", "certain", "patient")
    assert finding.measured["share"] == 0.5
    assert finding.rows == {"test": (0, 1)}
    assert "50.0 % of test rows (2)" in finding.what
    assert "bob" in finding.what
    assert [pair.note for pair in finding.pairs] == ["both bob", "both bob"]


def test_declared_groups_kept_apart_are_clean_and_so_are_rows_without_a_group():
    assert groups(declared(["ann", "bob", None], ["dan", None, None])).status == "clean"


def test_numbers_of_groups_are_one_group_whether_written_as_integer_or_float():
    assert severities(groups(declared([1, 2, 3], [3.0, 4.0, np.nan]))) == ["error"]


def test_series_of_a_forecast_may_stand_on_both_sides():
    outcome = groups(declared(["a", "a", "b"], ["a", "b", "b"], task="forecast", declared_task=True))
    assert severities(outcome) == ["info"]


def test_guesses_find_patients_under_a_random_split_and_none_under_a_split_by_patient():
    hits = [groups(patients(seed)) for seed in range(2)]
    assert [severities(outcome) for outcome in hits] == [["warning"]] * 2
    finding = hits[0].findings[0]
    assert finding.columns == ("patient_id",)
    assert finding.measured["alike_by_features"]["p"] <= 0.01
    assert finding.measured["score_rows_held_out"] > finding.measured["score_groups_held_out"]
    assert all(groups(patients_apart(seed)).status == "clean" for seed in range(2))


def test_a_guess_beside_a_declared_group_that_is_kept_apart_is_information():
    rng = np.random.default_rng(3)
    ward = np.arange(600) % 40
    data = {"x": rng.normal(size=600) + rng.normal(size=40)[ward] * 2, "z": rng.normal(size=600)}
    data |= {"ward_id": np.array([f"W{one:03}" for one in ward]), "visit": np.array([f"v{i // 2}" for i in range(600)])}
    data["y"] = np.where(rng.random(600) > 0.5, "a", "b")
    train = np.arange(600) < 400  # visits are pairs of neighbours: each whole on one side
    sides = ({name: column[rows] for name, column in data.items()} for rows in (train, ~train))
    (finding,) = groups(frame_of(*sides, target="y", group="visit")).findings
    assert (finding.severity, finding.subject) == ("info", "ward_id")
    assert "--group ward_id" in finding.advice


@pytest.mark.parametrize("name", ["patients by codes", "scenes by file names"])
def test_guesses_go_by_values_and_by_names_of_files(name):
    rule, make = PLANTED[name]
    assert rule == "groups"
    assert severities(groups(make(0))) == ["warning"]


@pytest.mark.parametrize("name", ["census, 60 test rows", "ids that tell nothing", "pictures in folders"])
def test_clean_data_has_no_groups(name):
    assert severities(groups(CLEAN[name](0))) == []


def test_ids_that_tell_nothing_are_looked_at_all_the_same():
    told = groups(CLEAN["ids that tell nothing"](0)).measured["guessed"]
    assert set(told) == {"customer_id", "ticket"}
    assert all(facts["alike_by_features"]["p"] > 0.01 for facts in told.values())


def test_labels_that_are_alike_within_a_group_are_enough():
    rng = np.random.default_rng(1)
    ticket = np.repeat(np.arange(200), 3)
    data = {"ticket": np.array([f"PC {i}" for i in ticket]), "fare": rng.normal(size=600)}
    data["survived"] = np.where(rng.random(600) < 0.85, (rng.random(200) < 0.4)[ticket], rng.random(600) < 0.4).astype(
        int
    )
    (finding,) = groups(frame_of(*split_at_random(data), target="survived")).findings
    assert finding.measured["alike_by_label"]["z"] > 5
    assert "The labels of one ticket are more alike" in finding.because


def test_plain_categories_and_the_label_are_no_groups():
    data = people(np.random.default_rng(0), 800) | {
        "customer_age": np.arange(800) % 60,
        "store_type": np.arange(800) % 4,
    }
    assert guessed(frame_of(*split_at_random(data), target="target"), None) == []
    shots = pictures(np.random.default_rng(0), 400)
    frame = frame_of(*split_at_random(shots), target="label", content="@content")
    assert groups(frame).measured["guessed"] == {}


def test_a_finer_label_in_the_names_is_no_group():
    shots = pictures(np.random.default_rng(0), 600)
    breed = np.array(["siamese", "persian", "beagle", "boxer", "robin", "finch"])
    of_class = np.searchsorted(list("abc"), shots["label"])
    shots["@name.1"] = breed[2 * of_class + np.arange(600) % 2]
    frame = frame_of(*split_at_random(shots), target="label", content="@content", meta="@name.1")
    assert groups(frame).measured["guessed"] == {}


@pytest.mark.parametrize("name", ["patient_id", "PatientID", "speaker", "userNo", "customer_number", "subject"])
def test_names_of_people(name):
    assert names_people(name)


@pytest.mark.parametrize(
    "name", ["customer_age", "num_users", "sex", "education", "workclass", "hours-per-week", "user_rating", "id"]
)
def test_names_of_properties_are_not_those_of_people_or_things(name):
    assert not names_people(name)
    assert not names_things(name)


def test_codes_are_told_from_words_dates_ranges_and_amounts():
    assert looks_coded(["P0123", "P0999", "P0001"])
    assert looks_coded(["3f2504e0-4f89-11d3-9a0c-0305e82c3301"])
    for words in (["Private", "State-gov"], ["2020-01-31"], ["18-25"], ["5kg", "10kg"], ["red"], []):
        assert not looks_coded(words)


def test_random_groups_are_hardly_ever_called_alike():
    rng = np.random.default_rng(0)
    found = [alike(rng.standard_t(3, (200, 4)), rng.integers(0, 40, 200), None, seed) for seed in range(40)]
    assert sum(one.significant for one in found) == 0
    assert sum(one.p < 0.05 for one in found) <= 7  # 2 expected


def test_neighbours_in_the_file_belong_together_only_where_they_do():
    outcomes = [groups(patients_unnamed(seed)) for seed in range(3)]
    assert sum(severities(outcome) == ["warning"] for outcome in outcomes) >= 1  # three in four
    finding = next(outcome.findings[0] for outcome in outcomes if outcome.findings)
    assert finding.measured["score_rows_held_out"] - finding.measured["score_groups_held_out"] > 0.03


def test_a_test_set_of_whole_blocks_is_clean_though_neighbours_are_related():
    data = in_their_order(0)
    frame = frame_of(rows_at(data, slice(0, 1500)), rows_at(data, slice(1500, None)), target="ill")
    assert groups(frame).status == "clean"


def in_their_order(seed):
    """The rows of `patients_unnamed` before they were split."""
    return rows_of_patients(np.random.default_rng(seed), many=250, known=False)


def test_rows_sorted_by_what_they_hold_say_nothing_about_neighbours():
    rng = np.random.default_rng(0)
    x = np.sort(rng.normal(size=1200))
    data = {"x": x, "z": rng.normal(size=1200), "y": np.where(np.sin(4 * x) > 0, "a", "b")}
    with pytest.raises(NotApplicable, match="name the column with --group"):
        groups(frame_of(*split_at_random(data), target="y"))


def test_nothing_to_look_at_is_said():
    with pytest.raises(NotApplicable, match="--group"):
        groups(frame_of({"x": np.arange(9.0)}, {"x": np.arange(4.0)}))


@needs_data
def test_spoken_digits_leak_speakers_under_a_random_split():
    (finding,) = groups(spoken_digits("random")).findings
    assert (finding.severity, finding.columns, finding.measured["share"]) == ("warning", ("@name.1",), 1.0)
    assert not finding.measured["made_within_groups"]
    assert finding.measured["score_rows_held_out"] > finding.measured["score_groups_held_out"] + 0.1  # 0.90 against 0.6


@needs_data
def test_spoken_digits_share_speakers_by_design_under_the_official_split():
    (finding,) = groups(spoken_digits("official")).findings
    assert finding.severity == "warning"
    assert finding.measured["made_within_groups"]
    assert "made within groups on purpose" in finding.what
    (finding,) = groups(aimed(spoken_digits("official"), **{"@name.1": "group"})).findings
    assert finding.severity == "error"
    assert "6 of 6 values" in finding.what


@needs_data
def test_spoken_digits_split_by_speaker_are_clean():
    assert groups(spoken_digits("speaker")).status == "clean"


@needs_data
def test_adult_has_no_groups():
    assert groups(adult()).status == "clean"
