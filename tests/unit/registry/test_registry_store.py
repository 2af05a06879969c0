"""Names, versions and aliases: what was registered can be found again, moves are remembered, lines that were changed are noticed."""

import multiprocessing

import pytest

from daybreak.base.errors import DamagedFile, NotFound, UsageError
from daybreak.base.home import Home
from daybreak.registry import package
from daybreak.registry.package import Package, Runtime
from daybreak.registry.store import Registry
from daybreak.signature.fields import Field, Output, Signature

SIGNATURE = Signature((Field("x", "tensor", shape=(4,)),), (Output("y", "label", classes=("a", "b")),))
PASSED = {"verdict": "passed"}


@pytest.fixture
def registry(tmp_path):
    return Registry(Home(tmp_path))


def add(registry, name="digits", content=b"weights"):
    with registry.staging() as folder:
        (folder / "model.onnx").write_bytes(content)
        return registry.add(folder, Package(name, 0, 0.0, SIGNATURE, Runtime("onnx")), by="ann")


def test_versions_count_up_and_are_found_by_number_alias_and_folder(registry):
    first, second = add(registry), add(registry, content=b"better")
    registry.move("digits", "production", 1, decision=PASSED)

    assert (first.version, second.version) == (1, 2)
    assert registry.find("digits").version == 2
    assert registry.find("digits@1").version == 1
    found = registry.find("digits@production")
    assert (found.version, found.alias) == (1, "production")
    assert registry.find(str(found.folder)).version == 1
    assert package.verify(found.folder) == first


def test_the_digest_is_of_what_predicts_alone(registry):
    one, same, other = add(registry), add(registry, "copy"), add(registry, content=b"other")
    assert one.digest == same.digest != other.digest


def test_moves_are_remembered_and_lead_back(registry):
    for content in (b"1", b"2", b"3"):
        add(registry, content=content)
    for version in (1, 2, 3, 2):
        registry.move("digits", "production", version, decision=PASSED, by="ann", reason="because")

    model = registry.model("digits")
    assert [move.version for move in model.moves] == [1, 2, 3, 2]
    assert model.before("production") == 3
    registry.move("digits", "production", None, decision=PASSED)
    assert registry.model("digits").aliases == {}
    assert registry.model("digits").before("production") == 2


def test_a_retired_version_is_gone_but_its_story_is_not(registry):
    add(registry)
    add(registry)
    registry.move("digits", "staging", 1, decision=PASSED)
    with pytest.raises(UsageError, match="is staging"):
        registry.retire("digits", 1)
    registry.move("digits", "staging", 2, decision=PASSED)
    registry.retire("digits", 1)

    assert not registry.folder("digits", 1).exists()
    with pytest.raises(NotFound, match="was retired"):
        registry.find("digits@1")
    assert registry.find("digits").version == 2
    with pytest.raises(NotFound, match="no earlier version"):
        registry.model("digits").before("staging")
    assert add(registry).version == 3


def test_a_number_is_given_once_also_after_the_newest_was_retired(registry):
    add(registry)
    add(registry)
    registry.retire("digits", 2)
    assert add(registry).version == 3


def test_rollbacks_go_back_step_by_step(registry):
    for content in (b"1", b"2", b"3"):
        add(registry, content=content)
    for version in (1, 2, 3):
        registry.move("digits", "production", version, decision=PASSED)
    for expected in (2, 1):
        assert registry.model("digits").before("production") == expected
        registry.move("digits", "production", expected, decision={"verdict": "rollback"})
    with pytest.raises(NotFound, match="no earlier version"):
        registry.model("digits").before("production")
    registry.move("digits", "production", 3, decision=PASSED)
    assert registry.model("digits").before("production") == 1


def test_what_looks_like_a_digit_is_no_version(registry):
    add(registry)
    with pytest.raises(NotFound, match="no version or alias"):
        registry.find("digits@\u00b2")


def test_nothing_behind_an_at_is_not_the_newest_version(registry):
    add(registry)
    with pytest.raises(UsageError, match="digits@ names no version or alias: digits, digits@3 or digits@production"):
        registry.find("digits@")


def test_notes_and_tags(registry):
    add(registry)
    registry.note("digits", 1, "trained on the new scanner")
    registry.tag("digits", 1, {"team": "vision", "stage": "old"})
    registry.tag("digits", 1, {"stage": ""})

    version = registry.model("digits").versions[1]
    assert version.notes == ("trained on the new scanner",)
    assert version.tags == {"team": "vision"}


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("digits@4", "it has 1, production"),
        ("digits@prod", "it has 1, production"),
        ("spam", "there are digits"),
        ("./x", "package.json"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(registry, reference, says):
    add(registry)
    registry.move("digits", "production", 1, decision=PASSED)
    with pytest.raises(NotFound, match=says):
        registry.find(reference)


@pytest.mark.parametrize("name", ["", "Digits", "a/b", "..", "a" * 65, "journal.jsonl", "-x"])
def test_names_are_safe_as_folders(registry, name):
    with pytest.raises(UsageError, match="a model's name"):
        add(registry, name)


def test_an_alias_is_no_number(registry):
    add(registry)
    with pytest.raises(UsageError, match="begins with a letter"):
        registry.move("digits", "3", 1, decision=PASSED)


def test_a_package_that_was_altered_is_noticed(registry):
    add(registry)
    (registry.folder("digits", 1) / "model.onnx").write_bytes(b"poisoned")
    with pytest.raises(DamagedFile, match=r"model\.onnx"):
        package.verify(registry.folder("digits", 1))


def test_a_package_that_was_made_anew_in_place_is_not_what_was_registered(registry):
    add(registry)
    folder = registry.folder("digits", 1)
    (folder / "model.onnx").write_bytes(b"other weights")
    package.seal(folder, Package("digits", 1, 0.0, SIGNATURE, Runtime("onnx")))
    assert package.verify(folder)
    with pytest.raises(DamagedFile, match="digits@1 is not what was registered"):
        registry.registered("digits@1")


def test_a_journal_that_was_altered_is_noticed(registry, tmp_path):
    add(registry)
    registry.move("digits", "production", 1, decision={"verdict": "blocked"})
    add(registry)
    journal = tmp_path / "models" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"blocked", b"passed"))
    with pytest.raises(DamagedFile, match="only added to"):
        registry.models()


def test_what_was_not_added_leaves_nothing(registry, tmp_path):
    with registry.staging() as folder:
        (folder / "model.onnx").write_bytes(b"half")
    assert list((tmp_path / "models").iterdir()) == []


def _add_some(path):
    for _ in range(5):
        add(Registry(Home(path)))


def test_processes_that_register_at_once_get_versions_of_their_own(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add_some, args=(tmp_path,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(Registry(Home(tmp_path)).model("digits").versions) == list(range(1, 16))
