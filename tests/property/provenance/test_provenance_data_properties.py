"""What holds for any files: one root for one content, differences that lead from one to the other, secrets that stay inside."""

from blake3 import blake3
from hypothesis import assume, given
from hypothesis import strategies as st

from daybreak.provenance.data import manifest as manifests
from daybreak.provenance.data import merkle
from daybreak.provenance.data.comparing import NOWHERE, compare
from daybreak.provenance.data.file import File
from daybreak.provenance.redaction import INSTEAD, Redactor

names = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=6)
contents = st.binary(max_size=3)
datasets = st.dictionaries(names, contents, max_size=12)


def dataset(of):
    return manifests.make("files", [File(name, len(data), blake3(data).hexdigest()) for name, data in of.items()])


@given(datasets, datasets)
def test_the_root_is_one_for_one_content(one, other):
    assert (dataset(one).root == dataset(other).root) == (one == other)


@given(datasets, st.randoms())
def test_the_order_in_which_files_are_found_does_not_matter(of, random):
    shuffled = list(of.items())
    random.shuffle(shuffled)
    assert manifests.encode(dataset(dict(shuffled))) == manifests.encode(dataset(of))


def rfc6962(leaves):
    """The definition, word for word: the left half holds the largest power of two below n."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return blake3(b"\1" + rfc6962(leaves[:split]) + rfc6962(leaves[split:])).digest()


@given(st.integers(1, 70))
def test_the_tree_is_that_of_rfc_6962(count):
    files = [File(f"{number:03}", 0, "00" * 32) for number in range(count)]
    assert merkle.root(files) == rfc6962([merkle.leaf(file) for file in files]).hex()


@given(st.lists(st.tuples(names, st.integers(0, 9), st.text(max_size=3)), min_size=2, max_size=2, unique=True))
def test_two_files_have_one_leaf_only_when_they_are_equal(two):
    first, second = (merkle.leaf(File(path, size, "", tag)) for path, size, tag in two)
    assert first != second


@given(datasets, datasets)
def test_a_difference_leads_from_the_one_to_the_other(one, other):
    found = compare(dataset(one), dataset(other))
    made = {name: data for name, data in one.items() if name not in found.removed}
    for old, new in found.renamed:
        assert old in one
        assert new not in one
        made[new] = made.pop(old)
    made |= {name: other[name] for name in (*found.added, *found.changed)}
    assert made == other
    assert bool(found) == (one != other)


@given(
    st.dictionaries(names, st.sampled_from("abc"), min_size=1),
    st.dictionaries(names, st.sampled_from("abc"), min_size=1),
)
def test_every_sample_that_moved_is_named_and_no_other(one, other):
    def splits(of):
        return {split: tuple(sorted(s for s in of if of[s] == split)) for split in sorted(set(of.values()))}

    moved = compare(
        manifests.make("files", [], splits=splits(one)), manifests.make("files", [], splits=splits(other))
    ).moved
    assert moved == {
        s: (one.get(s, NOWHERE), other.get(s, NOWHERE)) for s in {*one, *other} if one.get(s) != other.get(s)
    }


secrets = st.lists(st.text(st.sampled_from("ab%/ "), min_size=4, max_size=9), min_size=1, max_size=3)


@given(
    secrets,
    st.lists(st.one_of(st.integers(0, 2), st.text(st.sampled_from("abx\n"), max_size=5)), max_size=8),
    st.data(),
)
def test_secrets_never_come_through_however_the_stream_is_cut(values, parts, data):
    text = "".join(values[part % len(values)] if isinstance(part, int) else part for part in parts).encode()
    redactor = Redactor(values)
    out, rest = b"", text
    while rest:
        cut = data.draw(st.integers(1, len(rest)))
        out += redactor.feed(rest[:cut])
        rest = rest[cut:]
    out += redactor.end()
    assert not any(value.encode() in out for value in values)


@given(st.binary(max_size=40), st.integers(1, 7))
def test_what_holds_no_secret_comes_through_unchanged(text, step):
    assume(b"hunter2!" not in text)
    redactor = Redactor(["hunter2!"])
    assert b"".join([*(redactor.feed(text[i : i + step]) for i in range(0, len(text), step)), redactor.end()]) == text


def test_a_secret_is_replaced_and_its_url_form_too():
    redactor = Redactor(["a b/c+d"])
    assert redactor.text("x a b/c+d y a%20b%2Fc%2Bd z") == f"x {INSTEAD.decode()} y {INSTEAD.decode()} z"
