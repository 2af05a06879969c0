"""What happens to an experiment's data when it is handed in: manifests, splits, snapshots, data a command names, credentials by name."""

import os
import re
import sys
from pathlib import Path

import pytest

from daybreak.base.errors import NotFound, UsageError, UserCodeError
from daybreak.base.home import Home
from daybreak.provenance import profiles
from daybreak.provenance.data import capture, registered, snapshots
from daybreak.provenance.data import manifest as manifests
from daybreak.provenance.data.changed import changed
from daybreak.provenance.data.comparing import compare
from daybreak.provenance.data.given import make_views, paths, variables
from daybreak.provenance.data.registered import Registered
from daybreak.provenance.data.verifying import verify
from daybreak.spec.models import Experiment
from daybreak.vault.store import Vault


class Place:
    """A folder with data, a home beside it, and experiments that are handed in."""

    def __init__(self, tmp_path):
        self.home, self.folder = Home(tmp_path / "home"), tmp_path / "work"
        self.vault = Vault(self.home.vault)
        (self.folder / "digits").mkdir(parents=True)
        for name in ("a", "b", "c"):
            (self.folder / "digits" / f"{name}.wav").write_text(name)
        self.told = []

    def hand_in(self, data=None, run="train:main", **keys):
        keys |= {
            "name": "x",
            "run": run,
            "objectives": [{"metric": "m"}],
            "data": data or {},
            "folder": str(self.folder),
        }
        spec = Experiment.model_validate(keys | {"python": sys.executable})
        found = capture(self.home, self.vault, spec, self.folder, tell=self.told.append)
        return spec.model_copy(update={"data": found})

    def manifest(self, spec, name="digits"):
        return manifests.load(self.vault, spec.data[name].manifest)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_the_manifest_is_in_the_vault_and_attempts_are_told_the_place(place):
    spec = place.hand_in({"digits": {"path": "digits"}})
    assert len(place.manifest(spec).files) == 3
    assert paths(place.home, spec) == {"digits": str(place.folder / "digits")}
    assert variables({"my.digits": "/d"}) == {"DAYBREAK_DATA_MY_DIGITS": "/d"}


def test_data_that_is_not_there_is_named(place):
    with pytest.raises(UsageError, match=f"there is no {re.escape(str(place.folder / 'didgits'))}"):
        place.hand_in({"digits": {"path": "didgits"}})


# splits


def split(place, text):
    (place.folder / "split.csv").write_text(text)
    return {"digits": {"path": "digits", "split": "split.csv"}}


def test_a_split_is_part_of_the_manifest_and_names_samples_that_move(place):
    first = place.hand_in(split(place, "split,sample,more\ntrain,a.wav,1\ntrain,b.wav,2\ntest,c.wav,3\n"))
    second = place.hand_in(split(place, "sample,split\na.wav,train\nb.wav,test\nc.wav,test\n"))
    assert place.manifest(first).splits == {"test": ("c.wav",), "train": ("a.wav", "b.wav")}
    assert first.data["digits"].manifest != second.data["digits"].manifest
    assert place.manifest(first).root == place.manifest(second).root
    assert compare(place.manifest(first), place.manifest(second)).moved == {"b.wav": ("train", "test")}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "sample,split\na,train\na,test\nb,train\n",
            r"splits must not overlap, in .*split\.csv 1 does: a is in train and in test",
        ),
        (
            "sample,set\na,train\n",
            "a split has the columns sample and split, .* has no split: its first line is sample,set",
        ),
        ("", "has no sample and no split: its first line is empty"),
        ("sample,split\na,\n", "line 2 of .* does not"),
        ("sample,split\n", "a split has at least one sample"),
    ],
)
def test_splits_that_are_none(place, text, why):
    with pytest.raises(UsageError, match=why):
        place.hand_in(split(place, text))


def test_a_split_that_is_no_file_is_named(place):
    with pytest.raises(UsageError, match=r"a split is a CSV file or module:function, .*/nowhere\.csv cannot be read"):
        place.hand_in({"digits": {"path": "digits", "split": "nowhere.csv"}})


def test_a_function_tells_the_split_in_a_process_of_its_own(place):
    code = "import pathlib\ndef split(path):\n    names = sorted(f.name for f in pathlib.Path(path).iterdir())\n"
    (place.folder / "mysplit.py").write_text(code + "    return {'train': names[:2], 'test': names[2:]}\n")
    spec = place.hand_in({"digits": {"path": "digits", "split": "mysplit:split"}})
    assert place.manifest(spec).splits == {"test": ("c.wav",), "train": ("a.wav", "b.wav")}
    assert "mysplit" not in sys.modules
    (place.folder / "mysplit.py").write_text(code + "    raise ValueError('no names')\n")
    with pytest.raises(UserCodeError, match="the split mysplit:split failed: ValueError: no names"):
        place.hand_in({"digits": {"path": "digits", "split": "mysplit:split"}})


# snapshots


def test_a_snapshot_is_kept_whatever_becomes_of_the_data(place):
    spec = place.hand_in({"digits": {"path": "digits", "snapshot": True}})
    kept = Path(paths(place.home, spec)["digits"])
    (place.folder / "digits" / "a.wav").write_text("CHANGED IN PLACE")
    (place.folder / "digits" / "b.wav").unlink()
    assert sorted(file.name for file in kept.iterdir()) == ["a.wav", "b.wav", "c.wav"]
    assert (kept / "a.wav").read_text() == "a"
    assert changed(place.home, spec) == []


def test_what_attempts_are_given_of_a_snapshot_is_read_only_and_links_to_the_vault(place):
    spec = place.hand_in({"digits": {"path": "digits", "snapshot": True}})
    file = Path(paths(place.home, spec)["digits"]) / "a.wav"
    assert file.stat().st_mode & 0o222 == 0
    digest = manifests.by_path(place.manifest(spec))["a.wav"].blake3
    assert file.samefile(place.vault.path(digest))
    assert not file.samefile(place.folder / "digits" / "a.wav")


def test_a_view_that_somebody_changed_is_made_again(place):
    spec = place.hand_in({"digits": {"path": "digits", "snapshot": True}})
    view = Path(paths(place.home, spec)["digits"])
    (view / "a.wav").unlink()
    (view / "b.wav").unlink()
    (view / "b.wav").write_text("forged")
    (view / "more.wav").write_text("more")
    make_views(place.home, spec)
    assert {file.name: file.read_text() for file in view.iterdir()} == {"a.wav": "a", "b.wav": "b", "c.wav": "c"}


def test_where_links_cannot_be_made_files_are_copied(place, monkeypatch):
    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    spec = place.hand_in({"digits": {"path": "digits", "snapshot": True}})
    view = Path(paths(place.home, spec)["digits"])
    assert (view / "a.wav").read_text() == "a"
    inode = (view / "a.wav").stat().st_ino
    make_views(place.home, spec)
    assert (view / "a.wav").stat().st_ino == inode  # known as it is: not copied again


def test_a_snapshot_of_one_file_is_that_file(place):
    spec = place.hand_in({"one": {"path": "digits/a.wav", "snapshot": True}})
    assert Path(paths(place.home, spec)["one"]).read_text() == "a"
    assert Path(paths(place.home, spec)["one"]).name == "a.wav"


def test_a_file_that_changes_while_it_is_kept_is_named_and_leaves_nothing(place, monkeypatch):
    plain = Vault.put_file

    def late(vault, source):
        source.write_text("changed meanwhile")
        return plain(vault, source)

    monkeypatch.setattr(Vault, "put_file", late)
    with pytest.raises(UsageError, match="data must hold still while it is kept"):
        place.hand_in({"digits": {"path": "digits", "snapshot": True}})
    assert place.vault.size() == 0


def test_a_file_system_that_shares_bytes_copies_none(tmp_path, monkeypatch):
    """FICLONE itself needs btrfs or XFS: here the system call is played."""
    (tmp_path / "big").write_bytes(b"x" * 5_000_000)

    def ficlone(target, request, source):
        assert request == 0x40049409
        os.copy_file_range(source, target, 5_000_000)

    monkeypatch.setattr("daybreak.vault.store.fcntl.ioctl", ficlone)
    vault = Vault(tmp_path / "vault")
    assert vault.read(vault.put_file(tmp_path / "big")) == b"x" * 5_000_000


# changes during a run


def test_data_that_changed_since_is_told_file_by_file(place):
    spec = place.hand_in({"digits": {"path": "digits"}})
    assert changed(place.home, spec) == []
    (place.folder / "digits" / "a.wav").write_text("A")
    (place.folder / "digits" / "d.wav").write_text("d")
    (found,) = changed(place.home, spec)
    assert (found.name, found.difference.files) == ("digits", ("a.wav", "d.wav"))


def test_data_that_is_gone_or_whose_split_moved_is_told_too(place):
    spec = place.hand_in(split(place, "sample,split\na.wav,train\n"))
    split(place, "sample,split\na.wav,test\n")
    (found,) = changed(place.home, spec)
    assert found.difference.moved == {"a.wav": ("train", "test")}
    (place.folder / "digits").rename(place.folder / "elsewhere")
    (found,) = changed(place.home, spec)
    assert "there is no" in found.gone


# verify


def test_verify_reads_every_byte_and_damage_in_the_vault_is_found(place):
    spec = place.hand_in({"digits": {"path": "digits", "snapshot": True}, "plain": {"path": "digits"}})
    for name, source in spec.data.items():
        assert verify(place.home, name, source, place.folder).same
    kept = place.vault.path(manifests.by_path(place.manifest(spec))["a.wav"].blake3)
    kept.chmod(0o600)
    kept.write_text("Z")
    verdict = verify(place.home, "digits", spec.data["digits"], place.folder)
    assert not verdict.same
    assert verdict.problems[0].startswith("a.wav: a file's hash must be its name")
    assert verify(place.home, "plain", spec.data["plain"], place.folder).same


def test_verify_of_data_that_is_gone(place):
    spec = place.hand_in({"digits": {"path": "digits"}})
    (place.folder / "digits").rename(place.folder / "elsewhere")
    verdict = verify(place.home, "digits", spec.data["digits"], place.folder)
    assert not verdict.same
    assert "there is no" in verdict.problems[0]


# by name


def test_an_experiment_may_name_a_dataset_of_the_home(place, tmp_path):
    spec = place.hand_in({"digits": {"path": "digits", "snapshot": True}})
    source = spec.data["digits"]
    registered.put(place.home, Registered("spoken", str(place.folder / "digits"), source.manifest, 1.0, snapshot=True))
    again = place.hand_in({"digits": {"path": "spoken"}})
    assert again.data["digits"] == source.model_copy(update={"path": str(place.folder / "digits")})
    (place.folder / "digits").rename(place.folder / "elsewhere")
    kept = place.hand_in({"digits": {"path": "spoken"}})
    assert kept.data["digits"].manifest == source.manifest
    assert (Path(paths(place.home, kept)["digits"]) / "a.wav").read_text() == "a"


def test_names_of_datasets(place):
    with pytest.raises(UsageError, match="begins with a letter"):
        registered.put(place.home, Registered("7up", "/x", "", 1.0))
    with pytest.raises(NotFound, match=r"has no dataset spoken \(it has none\): daybreak data add PATH --name spoken"):
        registered.get(place.home, "spoken")


# unedited commands


def test_a_command_that_names_data_has_it_captured(place):
    (place.folder / "train.py").write_text("")
    (place.folder / "results").mkdir()
    words = (
        "python",
        "train.py",
        "--data",
        "./digits",
        "--one=digits/a.wav",
        "--out",
        "results",
        "--lr",
        "{lr}",
        "digits",
    )
    spec = place.hand_in(run=words)
    assert {name: source.path for name, source in spec.data.items()} == {
        "digits": str(place.folder / "digits"),
        "a": str(place.folder / "digits" / "a.wav"),
    }
    assert place.told == ["./digits is captured as data `digits`", "digits/a.wav is captured as data `a`"]


def test_a_command_is_not_told_of_sealed_data(place):
    sealed = {"test": {"path": "./digits", "sealed": True}}
    with pytest.raises(UsageError, match="digits is sealed"):
        place.hand_in(sealed, ["python", "train.py", "--data", "digits"])
    spec = place.hand_in(sealed | {"train": {"path": "./digits/a.wav"}}, ["python", "train.py"])
    assert list(paths(place.home, spec)) == ["train"]


def test_a_dataset_of_the_home_is_sealed_where_the_experiment_says_so(place):
    registered.put(place.home, Registered("spoken", str(place.folder / "digits"), "", 1.0))
    spec = place.hand_in({"test": {"path": "spoken", "sealed": True}})
    assert spec.data["test"].sealed
    assert paths(place.home, spec) == {}


def test_what_is_no_data_of_a_command(place, monkeypatch):
    for name in ("train.py", "config.yaml"):
        (place.folder / name).write_text("")
    spec = place.hand_in(
        run=("python", "train.py", "config.yaml", ".", "..", "/dev/null", "nowhere", "x" * 5000, "--lr", "0.1")
    )
    assert spec.data == {}
    monkeypatch.setattr("daybreak.provenance.data.named_on_command_line.MOST_FILES", 2)
    assert place.hand_in(run=("python", "train.py", "digits")).data == {}
    assert place.told == [
        "digits holds more than 2 files: it is not captured unless you name it under `data:`, or with daybreak data add digits"
    ]


def test_data_that_was_added_to_the_home_is_captured_whatever_its_size(place, monkeypatch):
    registered.put(place.home, Registered("spoken", str(place.folder / "digits"), "", 1.0))
    monkeypatch.setattr("daybreak.provenance.data.named_on_command_line.MOST_FILES", 2)
    assert list(place.hand_in(run=("python", "train.py", "digits")).data) == ["digits"]


def test_data_that_the_file_names_is_not_captured_twice(place):
    spec = place.hand_in({"spoken": {"path": "digits"}}, run=("python", "-c", "pass", "digits/"))
    assert list(spec.data) == ["spoken"]


# credentials


def profile(place, text, mode=0o600):
    file = place.home.path / "profiles.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    return file


@pytest.fixture
def no_user_profiles(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.mark.usefixtures("no_user_profiles")
class TestProfiles:
    def test_values_come_from_the_file_the_environment_and_commands(self, place, monkeypatch):
        monkeypatch.setenv("HF_TOKEN", "from the environment")
        answer = """'{"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "s", "Expiration": "2030"}'"""
        text = (
            f'[a]\nvariables = {{X = "1"}}\nfrom_env = ["HF_TOKEN"]\n[b]\ncommand = ["sh", "-c", """echo {answer}"""]\n'
        )
        profile(place, text + "[c]\ncommand = \"sh -c 'echo export Y=2; echo Z=3'\"\n[d]\nchain = 'aws'\n")
        assert profiles.values(place.home, ["a"]) == {"X": "1", "HF_TOKEN": "from the environment"}
        assert profiles.values(place.home, ["b"]) == {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s"}
        assert profiles.values(place.home, ["c", "d"]) == {"Y": "2", "Z": "3"}
        assert profiles.withheld(place.home) == {"X", "HF_TOKEN"}

    def test_the_homes_own_go_before_the_users(self, place, tmp_path):
        (tmp_path / "config" / "daybreak").mkdir(parents=True)
        users = tmp_path / "config" / "daybreak" / "profiles.toml"
        users.write_text("[a]\nvariables = {X = 'users'}\n[b]\nvariables = {Y = 'users'}\n")
        users.chmod(0o600)
        profile(place, "[a]\nvariables = {X = 'homes'}\n")
        assert profiles.values(place.home, ["a", "b"]) == {"X": "homes", "Y": "users"}

    def test_a_file_that_others_can_read_is_refused(self, place):
        file = profile(place, "[a]\nvariables = {X = '1'}\n", mode=0o640)
        with pytest.raises(UsageError, match=f"chmod 600 {file}"):
            profiles.profiles(place.home)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("[a", "must be a file of credentials profiles in TOML"),
            ("[a]\nvariable = {}", "profile a of .*unknown field `variable`"),
            ("[a]\nvariables = {X = 1}", "profile a of .*Expected `str`"),
            ("[a]\nfrom_env = ['A B']", "no variable can be named 'A B' here"),
            ("[a]\nfrom_env = ['DAYBREAK_X']", "no variable can be named 'DAYBREAK_X' here"),
        ],
    )
    def test_files_that_are_none(self, place, text, why):
        profile(place, text)
        with pytest.raises(UsageError, match=why):
            profiles.profiles(place.home)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("from_env = ['NOT_SET_ANYWHERE']", "takes NOT_SET_ANYWHERE from the environment, where it is not set"),
            ("command = 'no-such-program'", "runs no-such-program, which cannot be done: No such file or directory"),
            ("command = \"sh -c 'echo expired >&2; exit 3'\"", "which ended with exit code 3: expired"),
            ("command = 'echo nothing'", "must print JSON or lines NAME=value, and printed neither"),
        ],
    )
    def test_values_that_cannot_be_had(self, place, text, why):
        profile(place, f"[a]\n{text}\n")
        with pytest.raises(UsageError, match=why):
            profiles.values(place.home, ["a"])

    def test_a_profile_that_is_not_there_is_told_at_hand_in(self, place):
        profile(place, "[a]\nchain = 'aws'\n")
        with pytest.raises(
            NotFound, match=r"there is no credentials profile hub \(there are a\): add \[hub\] to .*profiles\.toml"
        ):
            place.hand_in(credentials=["hub"])


def test_a_view_is_only_as_good_as_the_vault(place):
    spec = place.hand_in({"digits": {"path": "digits", "snapshot": True}})
    place.vault.delete(manifests.by_path(place.manifest(spec))["a.wav"].blake3)
    with pytest.raises(Exception, match="must be in the vault"):
        snapshots.give(place.home, place.vault, spec.data["digits"].manifest)
