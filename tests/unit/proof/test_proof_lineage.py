"""Family trees and differences, from plain rows."""

from hypothesis import given
from hypothesis import strategies as st

from daybreak.proof.difference import differing, flat
from daybreak.proof.lineage import tree
from daybreak.wire.rows import ExperimentRow


def row(number):
    return ExperimentRow(
        number, f"e{number}", "done", "", "ada", 0, {}, "", 0.0, 0.0, 1.0, 1, 1, 1.0, 1, {"a": 0.5}, None, {}
    )  # fmt: skip


PARENTS = {1: "", 2: "1.3@9", 3: "2", 4: "1", 5: ""}


def names(node):
    return (node.experiment, [names(child) for child in node.children])


def test_every_member_of_a_family_sees_the_same_tree():
    expected = (1, [(2, [(3, [])]), (4, [])])
    for number in (1, 2, 3, 4):
        assert names(tree(map(row, PARENTS), PARENTS, number)) == expected
    assert names(tree(map(row, PARENTS), PARENTS, 5)) == (5, [])


def test_a_fork_says_which_point_it_comes_from():
    assert tree(map(row, PARENTS), PARENTS, 1).children[0].at == "1.3@9"


def test_a_parent_in_another_home_is_a_root_of_which_only_the_name_is_known():
    found = tree([row(7)], {7: "3.1@4"}, 7)
    assert (found.experiment, found.lost, names(found)) == (3, True, (3, [(7, [])]))


values = st.dictionaries(st.text("abc", min_size=1), st.floats() | st.none() | st.text(max_size=3))


@given(values)
def test_nothing_differs_from_itself(side):
    assert differing(side, dict(side)) == []


@given(values, values)
def test_what_differs_is_the_same_seen_from_the_other_side(a, b):
    assert {change.what for change in differing(a, b)} == {change.what for change in differing(b, a)}


def test_a_value_that_only_one_side_has_differs():
    assert [tuple(change) for change in differing({"x": 1}, {"y": 2})] == [("x", 1, None), ("y", None, 2)]
    assert [change.what for change in differing({"x": None}, {})] == ["x"]


def test_nested_settings_are_compared_by_dotted_names():
    assert flat({"search": {"method": "asha", "options": {}}, "seed": 1}) == {
        "search.method": "asha", "search.options": {}, "seed": 1,
    }  # fmt: skip
