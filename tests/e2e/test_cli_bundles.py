"""Bundles: a run goes to another home with everything that made it; what was tampered with is refused and nothing is kept."""

import io
import tarfile

import pytest
import zstandard
from cli_process import CommandLine

pytestmark = pytest.mark.xdist_group("cli_bundles")


@pytest.fixture(scope="module")
def bundle(daybreak):
    """A search of three trials, exported; what export said of it."""
    daybreak.run(trials=3)
    return daybreak.json("export", "1", "--bundle", str(daybreak.folder / "toy.tar.zst"), "--checkpoints", "all")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """Another home on another machine, as it were."""
    command_line = CommandLine(tmp_path_factory.mktemp("elsewhere"))
    yield command_line
    command_line.shut_down()


def members(path):
    plain = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        return [(member.name, archive.extractfile(member).read()) for member in archive]


def written(path, files):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    path.write_bytes(zstandard.ZstdCompressor().compress(plain.getvalue()))
    return str(path)


def without_numbers(trials):
    return [{name: value for name, value in trial.items() if name != "experiment"} for trial in trials]


def test_a_run_is_the_same_in_another_home(daybreak, elsewhere, bundle):
    number = elsewhere.json("import", bundle["path"], "--expect", bundle["digest"][:12])["experiment"]
    here, there = daybreak.json("show", "1"), elsewhere.json("show", str(number))
    assert without_numbers(there["trials"]) == without_numbers(here["trials"])
    assert there["experiment"]["best"] == here["experiment"]["best"]
    curves = [side.json("export", name, "--points") for side, name in ((daybreak, "1"), (elsewhere, str(number)))]
    assert [point["value"] for point in curves[0]] == [point["value"] for point in curves[1]]
    assert elsewhere.json("ledger", "check") == []


def test_it_can_be_forked_there_to_the_same_bits(daybreak, elsewhere, bundle):
    number = elsewhere.json("import", bundle["path"])["experiment"]
    best = daybreak.json("show", "1")["experiment"]["best_trial"]
    kept = {
        row["units"]: row["digest"]
        for row in daybreak.json("checkpoint", "ls", "1")
        if (row["trial"], row["state"]) == (best, "saved")
    }
    fork = elsewhere.json("fork", f"{number}.{best}@{min(kept)}")["experiment"]["experiment"]
    made = [row for row in elsewhere.json("checkpoint", "ls", str(fork)) if row["trial"] == 1]
    assert {row["units"]: row["digest"] for row in made}[9] == kept[9]
    assert elsewhere.json("ledger", "check") == []


def test_what_is_imported_is_not_trained_on(elsewhere, bundle):
    number = str(elsewhere.json("import", bundle["path"])["experiment"])
    assert "was imported" in elsewhere("resume", number, "--budget", "9 trials", code=2).stderr


def test_the_same_run_gives_the_same_bundle(daybreak, bundle):
    again = daybreak.json("export", "1", "--bundle", str(daybreak.folder / "again.tar.zst"), "--checkpoints", "all")
    assert again["digest"] == bundle["digest"]
    assert (daybreak.folder / "again.tar.zst").read_bytes() == (daybreak.folder / "toy.tar.zst").read_bytes()


def flipped(files):
    name, data = next((name, data) for name, data in files if name.startswith("vault/"))
    return [(n, bytes([d[0] ^ 1]) + d[1:] if (n, d) == (name, data) else d) for n, d in files]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (flipped, "is not what the index says"),
        (lambda files: files[:-1], "it was cut off"),
        (lambda files: [*files, ("vault/" + "0" * 64, b"more")], "holds more than its index says"),
        (lambda files: [files[0], files[2], files[1], *files[3:]], "where its index says"),
        (lambda files: files[1:], "must begin with index.json"),
        (
            lambda files: [("index.json", files[0][1].replace(b"points.json", b"../evil.json")), *files[1:]],
            "tampered with",
        ),
    ],
    ids=["a bit flipped", "cut off", "a file added", "files swapped", "no index", "a name that leads out"],
)
def test_a_bundle_that_was_tampered_with_is_refused_and_nothing_is_kept(elsewhere, bundle, tmp_path, change, told):
    from pathlib import Path

    before = len(elsewhere.json("ls"))
    bad = written(tmp_path / "bad.tar.zst", change(members(Path(bundle["path"]))))
    assert told in elsewhere("import", bad, code=6).stderr
    assert len(elsewhere.json("ls")) == before


def test_another_bundle_than_expected_is_refused(elsewhere, bundle):
    assert "expected 000000" in elsewhere("import", bundle["path"], "--expect", "000000", code=6).stderr


def test_a_file_that_is_no_bundle_is_told(elsewhere, tmp_path):
    (tmp_path / "note.txt").write_text("hello")
    assert "no whole bundle" in elsewhere("import", str(tmp_path / "note.txt"), code=6).stderr
    assert "there is no file" in elsewhere("import", str(tmp_path / "none"), code=2).stderr
