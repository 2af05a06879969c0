"""Environments captured from real interpreters, kept, locked and made again."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import msgspec
import pytest
from environments import install, install_editable, make, said_by, site, tiny_wheel
from packaging.pylock import Pylock

from daybreak.base.errors import DamagedFile, UsageError, VaultError
from daybreak.base.home import Home
from daybreak.provenance import annex, keeping, local, uv, wheels
from daybreak.provenance.environment import EnvironmentUnsolvable, capture, recreate
from daybreak.provenance.installed import ask
from daybreak.provenance.record import Record
from daybreak.vault.store import Vault

VERSIONS = "import alpha, beta; print(alpha.VERSION, beta.VERSION)"


@pytest.fixture(autouse=True)
def no_index(tmp_path, monkeypatch):
    """pip is configured with one folder of wheels and no index, by its variables alone."""
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    uv._pip_settings.cache_clear()
    yield
    uv._pip_settings.cache_clear()


@pytest.fixture
def links(tmp_path):
    folder = tmp_path / "links"
    tiny_wheel(folder, "alpha", "1.0")
    tiny_wheel(folder, "beta", "2.0+cpu")
    return folder


@pytest.fixture
def python(tmp_path, links):
    found = make(tmp_path / "venv")
    install(found, "alpha==1.0", "beta==2.0+cpu", links=links)
    return found


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def vault(home):
    return Vault(home.vault)


def lost(environment):
    return {each.package: each.why for each in environment.unrecoverable}


def test_exact_versions_are_written_down_and_a_local_build_is_foretold(home, vault, python):
    found = capture(home, vault, str(python))
    assert found.packages == {"alpha": "1.0", "beta": "2.0+cpu"}
    assert found.python == said_by(python, "import platform; print(platform.python_version())")
    assert list(lost(found)) == ["beta"]
    assert "+cpu is a local build" in lost(found)["beta"]
    lock = tomllib.loads(vault.read(found.lock).decode())
    assert lock["lock-version"] == "1.0"
    assert [(entry["name"], entry["version"]) for entry in lock["packages"]] == [("alpha", "1.0"), ("beta", "2.0+cpu")]


def test_the_interpreter_is_asked_again_only_when_something_was_installed(home, vault, python, links, monkeypatch):
    first = capture(home, vault, str(python))
    with monkeypatch.context() as patched:
        patched.setattr("daybreak.provenance.installed.ask", None)
        assert capture(home, vault, str(python)) == first
    tiny_wheel(links, "alpha", "1.1")
    install(python, "alpha==1.1", links=links)
    assert capture(home, vault, str(python)).packages["alpha"] == "1.1"


def test_an_environment_is_made_again_from_the_folder_of_wheels(home, vault, python, tmp_path):
    record = Record(environment=capture(home, vault, str(python)))
    told = []
    made = recreate(record, vault, tmp_path / "again", progress=told.append)
    assert said_by(made, VERSIONS) == "1.0 2.0+cpu"
    assert told == ["installing 2 packages: 0 from kept files, 2 from the index"]


def test_kept_wheels_are_enough_where_nothing_else_is(home, vault, python, links, tmp_path, monkeypatch):
    (links / "alpha-1.0-py3-none-any.whl").unlink()  # packed again from the installed files; beta's is found
    environment = capture(home, vault, str(python))
    assert keeping.keep(vault, environment) == []
    assert {name: wheel.origin for name, wheel in annex.wheels(vault, environment).items()} == {
        "alpha": "repacked",
        "beta": "found",
    }
    assert annex.unrecoverable(vault, environment) == []
    shutil.rmtree(links)
    shutil.rmtree(tmp_path / "venv")
    made = recreate(Record(environment=environment), vault, tmp_path / "again")
    assert keeping.keep(vault, environment) == [], "all is kept: nobody is asked"
    assert said_by(made, VERSIONS) == "1.0 2.0+cpu"
    assert (made.parent / "alpha-tool").is_file(), "scripts of entry points are made anew"


def test_what_cannot_be_had_is_named_with_the_reason_and_nothing_is_left_behind(home, vault, python, links, tmp_path):
    environment = capture(home, vault, str(python))
    shutil.rmtree(links)
    links.mkdir()
    with pytest.raises(EnvironmentUnsolvable) as raised:
        recreate(Record(environment=environment), vault, tmp_path / "again")
    assert [each.package for each in raised.value.packages] == ["alpha", "beta"]
    assert "alpha 1.0: no index or folder of wheels" in str(raised.value)
    assert "beta 2.0+cpu: +cpu is a local build" in str(raised.value)
    assert not (tmp_path / "again").exists()


def test_a_damaged_wheel_is_not_installed(home, vault, python, tmp_path):
    environment = capture(home, vault, str(python))
    keeping.keep(vault, environment)
    vault.path(annex.wheels(vault, environment)["alpha"].digest).write_bytes(b"not this")
    with pytest.raises(DamagedFile):
        recreate(Record(environment=environment), vault, tmp_path / "again")


def test_a_folder_that_is_taken_is_refused_and_left_alone(home, vault, python, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.tex").touch()
    with pytest.raises(UsageError, match="is taken"):
        recreate(Record(environment=capture(home, vault, str(python))), vault, tmp_path / "taken")
    assert (tmp_path / "taken" / "thesis.tex").exists()


def test_another_python_is_told_or_refused(home, vault, python, tmp_path):
    environment = capture(home, vault, str(python))
    minor = ".".join(environment.python.split(".")[:2])
    near = msgspec.structs.replace(environment, python=f"{minor}.99")
    told = []
    recreate(Record(environment=near), vault, tmp_path / "near", progress=told.append)
    assert told[0] == f"the run used Python {minor}.99, here it is {environment.python}: results may differ"
    far = msgspec.structs.replace(environment, python="3.99.1")
    with pytest.raises(
        EnvironmentUnsolvable, match=r"the run used Python 3\.99\.1, no Python 3\.99 is here: uv python install"
    ):
        recreate(Record(environment=far), vault, tmp_path / "far")


def test_the_index_is_asked_once_and_its_hashes_are_required(home, vault, python, links, tmp_path, monkeypatch):
    environment = capture(home, vault, str(python))
    digest = keeping.lock(vault, environment)
    lock = tomllib.loads(vault.read(digest).decode())
    assert [package.name for package in Pylock.from_dict(lock).packages] == ["alpha", "beta"], "as PEP 751 has it"
    entries = {entry["name"]: entry for entry in lock["packages"]}
    assert entries["alpha"]["wheels"][0]["hashes"]["sha256"]
    assert annex.unrecoverable(vault, environment) == [], "the folder of wheels has the local build"
    with monkeypatch.context() as patched:
        patched.setattr(uv, "run", None)
        assert keeping.lock(vault, environment) == digest
    tiny_wheel(links, "alpha", "1.0", extra=[("alpha_too.py", b"", False)])  # another file of the same version
    with pytest.raises(EnvironmentUnsolvable, match=r"(?i)hash"):
        recreate(Record(environment=environment), vault, tmp_path / "again")


def test_packages_that_the_index_lacks_are_found_among_many(home, vault, python, links):
    for number in range(6):
        tiny_wheel(links, f"many{number}", "1.0")
    install(python, *(f"many{number}" for number in range(6)), links=links)
    environment = capture(home, vault, str(python))
    for name in ("many4-1.0", "alpha-1.0"):
        (links / f"{name}-py3-none-any.whl").unlink()
    keeping.lock(vault, environment)
    assert [each.package for each in annex.unrecoverable(vault, environment)] == ["alpha", "many4"]


def test_an_editable_install_is_captured_as_code_and_made_again_elsewhere(home, vault, python, tmp_path):
    project = tmp_path / "project"
    (project / "src" / "gamma").mkdir(parents=True)
    (project / "src" / "gamma" / "__init__.py").write_text("VALUE = 1\n")
    (project / "src" / "gamma" / "page.html").write_text("<p>")
    (project / "src" / "gamma" / ".env").write_text("hush")
    (project / "notes.md").write_text("not installed")
    install_editable(python, project, "gamma", "0.1")
    environment = capture(home, vault, str(python))
    gamma = environment.local["gamma"]
    assert (gamma.editable, gamma.folder, gamma.version) == (True, str(project), "0.1")
    captured = home.code(gamma.digest)
    assert sorted(str(p.relative_to(captured)) for p in captured.rglob("*.*") if p.is_file()) == [
        *("manifest.json", "src/gamma/__init__.py", "src/gamma/page.html")
    ]
    (project / "src" / "gamma" / "__init__.py").write_text("VALUE = 2\n")
    made = recreate(Record(environment=environment), vault, tmp_path / "again")
    assert (
        said_by(
            made, "import gamma; print(gamma.VALUE, gamma.__file__.startswith({!r}))".format(str(tmp_path / "again"))
        )
        == "1 True"
    )
    assert capture(home, vault, str(python)).local["gamma"].digest != gamma.digest, (
        "changed code is another environment"
    )


def test_an_install_from_a_folder_or_file_is_kept_or_named(home, vault, python, tmp_path):
    install(python, str(tiny_wheel(tmp_path / "elsewhere", "delta", "3.0")))
    found = capture(home, vault, str(python))
    assert lost(found)["delta"] == "it was installed from a file of this machine; keep it: daybreak env keep"
    info = site(python) / "delta-3.0.dist-info"
    (info / "direct_url.json").write_text('{"url": "file:///elsewhere/delta", "dir_info": {}}')
    info.touch()
    found = capture(home, vault, str(python))
    assert not found.local["delta"].editable
    assert "delta" not in lost(found)
    assert [wheel.file for wheel in found.wheels] == ["delta-3.0-py3-none-any.whl"]
    made = recreate(Record(environment=found), vault, tmp_path / "again")
    assert said_by(made, "import delta; print(delta.VERSION)") == "3.0"


def test_a_large_install_from_a_folder_is_named_not_kept_unasked_and_conda_s_folders_are_nobody_s(
    home, vault, python, tmp_path, monkeypatch
):
    install(python, str(tiny_wheel(tmp_path / "elsewhere", "delta", "3.0")))
    info = site(python) / "delta-3.0.dist-info"
    (info / "direct_url.json").write_text('{"url": "file:///elsewhere/delta", "dir_info": {}}')
    monkeypatch.setattr(local, "MOST_UNASKED", 10)
    found = capture(home, vault, str(python))
    assert "are not kept unasked; keep it: daybreak env keep" in lost(found)["delta"]
    assert keeping.keep(vault, found) == []
    assert "delta" in annex.wheels(vault, found)
    (info / "INSTALLER").write_text("conda")
    info.touch()
    found = capture(home, vault, str(python))
    assert "delta" in found.packages
    assert "delta" not in found.local | lost(found)


def test_packages_on_the_pythonpath_come_first(home, vault, python, tmp_path):
    shared = tmp_path / "shared" / "alpha-9.0.dist-info"
    shared.mkdir(parents=True)
    (shared / "METADATA").write_text("Name: alpha\nVersion: 9.0\n")
    assert capture(home, vault, str(python), (str(tmp_path / "shared"),)).packages["alpha"] == "9.0"
    assert capture(home, vault, str(python)).packages["alpha"] == "1.0"


def test_wheels_of_an_environment_that_is_gone_or_has_changed_cannot_be_kept(home, vault, python, links, tmp_path):
    environment = capture(home, vault, str(python))
    tiny_wheel(links, "alpha", "1.1")
    install(python, "alpha==1.1", links=links)
    assert keeping.keep(vault, environment) == ["no wheel of alpha 1.0 can be kept: 1.1 is installed now"]
    shutil.rmtree(tmp_path / "venv")
    with pytest.raises(UsageError, match="wheels are kept of what is installed, the run's environment is gone"):
        keeping.keep(vault, environment)


def test_a_package_that_was_edited_by_hand_is_kept_as_it_is_and_told(home, vault, python, links, tmp_path):
    (site(python) / "alpha.py").write_text("VERSION = 'mended'\n")
    environment = capture(home, vault, str(python))
    told = keeping.keep(vault, environment)
    assert told == [
        "alpha 1.0 was edited after it was installed (alpha.py): it is kept as it is now, no index has it so"
    ]
    made = recreate(Record(environment=environment), vault, tmp_path / "again")
    assert said_by(made, VERSIONS) == "mended 2.0+cpu"


def test_scripts_and_data_outside_of_the_packages_go_back_into_the_wheel(python, links, tmp_path):
    own = [
        ("epsilon-1.0.data/scripts/run.sh", b"#!/bin/sh\necho run\n", True),
        ("epsilon-1.0.data/data/share/epsilon.txt", b"data", False),
    ]
    install(python, str(tiny_wheel(tmp_path / "elsewhere", "epsilon", "1.0", own)))
    package = next(package for package in ask(str(python)).packages if package.name == "epsilon")
    packed = wheels.repack(package, tmp_path)
    assert wheels.repack(package, links).read_bytes() == packed.read_bytes(), "equal files, equal wheels"
    other = make(tmp_path / "other")
    install(other, str(packed))
    assert subprocess.run([other.parent / "run.sh"], capture_output=True, text=True, check=True).stdout == "run\n"
    assert (other.parents[1] / "share" / "epsilon.txt").read_text() == "data"
    assert (other.parent / "epsilon-tool").is_file()


@pytest.mark.parametrize(
    "changed",
    [
        {"packages": {"../../evil": "1"}},
        {"packages": {"alpha": "1.0\n--index-url=file:///evil"}},
        {"lock": "../evil"},
    ],
)
def test_a_record_that_was_tampered_with_is_refused(home, vault, python, tmp_path, changed):
    environment = msgspec.structs.replace(capture(home, vault, str(python)), **changed)
    with pytest.raises(VaultError, match=r"tampered with|hexadecimal"):
        recreate(Record(environment=environment), vault, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_wheel_whose_name_leads_out_of_its_folder_is_refused(home, vault, python, tmp_path):
    environment = capture(home, vault, str(python))
    keeping.keep(vault, environment)
    known = annex.read(vault, environment)
    evil = [msgspec.structs.replace(wheel, file="../../evil.whl") for wheel in known.wheels]
    annex.write(vault, environment, msgspec.structs.replace(known, wheels=evil))
    with pytest.raises(DamagedFile, match="tampered with"):
        recreate(Record(environment=environment), vault, tmp_path / "again")


def test_an_interpreter_that_does_not_answer_is_named(home, vault, tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no luck >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(UsageError, match="must be able to say what is installed for it: no luck"):
        capture(home, vault, str(broken))
    with pytest.raises(UsageError, match="must be able to say"):
        capture(home, vault, str(tmp_path / "nothing"))


def test_without_uv_the_way_to_get_it_is_told(home, vault, python, tmp_path, monkeypatch):
    environment = capture(home, vault, str(python))
    monkeypatch.setattr("sys.executable", str(python))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"pip install 'daybreak\[reproduce\]'"):
        recreate(Record(environment=environment), vault, tmp_path / "again")


def test_a_run_without_a_captured_environment_says_why(vault, tmp_path):
    record = Record(environment=msgspec.structs.replace(Record().environment, note="python was gone"))
    with pytest.raises(EnvironmentUnsolvable, match="was not captured: python was gone"):
        recreate(record, vault, Path(tmp_path / "again"))
