"""An id tells who answered; one that was not given, or was changed, is no id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.base.errors import UsageError
from daybreak.rollout.assignment import BUCKETS, LONGEST
from daybreak.serving.ids import KEY_BYTES, Ids, UnknownRequest, key_of

ARMS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,30}", fullmatch=True)


@given(arm=ARMS, version=st.integers(1, 10**6), at=st.floats(0, 4e9))
def test_another_replica_reads_what_an_id_says(arm, version, at):
    key = b"k" * KEY_BYTES
    issued = Ids(key, replica=4).read(Ids(key, replica=3).issue(arm, version, at))

    assert (issued.arm, issued.version) == (arm, version)
    assert issued.at == pytest.approx(at, abs=2e-6)


@given(place=st.integers(0, 40), letter=st.characters(codec="ascii"))
def test_a_changed_id_is_unknown(place, letter):
    ids = Ids(b"k" * KEY_BYTES)
    told = ids.issue("champion", 3, 1.8e9)
    changed = told[:place] + letter + told[place + 1 :]

    if changed != told:
        with pytest.raises(UnknownRequest):
            ids.read(changed)


@given(st.text(max_size=300))
def test_any_text_is_unknown_and_never_another_error(told):
    with pytest.raises(UnknownRequest):
        Ids(b"k" * KEY_BYTES).read(told)


def test_ids_of_one_moment_differ():
    ids = Ids(b"k" * KEY_BYTES)
    assert len({ids.issue("champion", 1, 1.8e9) for _ in range(10_000)}) == 10_000


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path):
    key = key_of(tmp_path / "secret")

    assert len(key) == KEY_BYTES
    assert key_of(tmp_path / "secret") == key
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


@given(arm=st.text(st.characters(codec="ascii"), min_size=1, max_size=LONGEST))
def test_the_longest_names_of_arms_can_be_read_again(arm):
    ids = Ids(b"k" * KEY_BYTES, replica=2**16)
    issued = ids.issue(arm, 2**63, 4e9, f"{2**63:x}-{BUCKETS:x}-{2**24:x}")
    assert (ids.read(issued).arm, ids.read(issued).version) == (arm, 2**63)


@pytest.mark.parametrize("damaged", [b"", b"k" * (KEY_BYTES - 1), b"k" * (KEY_BYTES + 1)])
def test_a_damaged_key_signs_nothing(tmp_path, damaged):
    (tmp_path / "secret").write_bytes(damaged)
    with pytest.raises(UsageError, match="secret has 32 bytes"):
        key_of(tmp_path / "secret")
