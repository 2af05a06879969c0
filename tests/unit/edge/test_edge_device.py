"""A device tries an update, keeps it or goes back, and never serves what is older than what it confirmed."""

import multiprocessing

import pytest
from edge_packages import seal

from daybreak.base.errors import DamagedBundle, NotFound, OlderVersion, UntrustedBundle, UsageError, WrongKey
from daybreak.edge import keys, packing
from daybreak.edge.device.folder import DeviceFolder
from daybreak.edge.verifying import verify
from daybreak.edge.wrapping import DeviceKey, Passphrase, Scrypted

EASY = Scrypted(n=16, r=8, p=1)


@pytest.fixture
def device(tmp_path, people):
    return DeviceFolder(tmp_path / "device", DeviceKey(people.device))


@pytest.fixture
def version(bundle, package, people):
    """Makes and verifies a bundle of some version."""

    def make(number, **options):
        seal(package, number)
        return verify(bundle(f"v{number}.dbk", **options), people.trusted)

    return make


def says(device):
    return [notice.says for notice in device.state.notices]


def test_a_first_bundle_is_tried_and_confirmed(device, version, people):
    first = version(3)
    device.install(first)
    assert device.state.floor == 0
    chosen = device.start()
    assert device.bundle(chosen, people.trusted).digest == first.digest
    device.confirm(chosen.digest)
    state = device.state
    assert (state.floor, state.current.version, state.trial) == (3, 3, None)
    assert says(device) == ["version 3 (counter 3) is installed, on trial", "version 3 (counter 3) is confirmed"]


def test_an_update_that_is_abandoned_leaves_what_was(device, version):
    confirmed(device, version(3))
    device.install(version(4))
    chosen = device.start()
    assert chosen.version == 4
    device.abandon(chosen.digest, "it answers nothing")
    assert device.start().version == 3
    assert device.state.floor == 3, "a version that never worked bars no other"
    assert says(device)[-1] == "version 4 (counter 4) is abandoned: it answers nothing; version 3 goes on"


def test_a_trial_that_took_its_process_with_it_is_not_tried_twice(device, version):
    confirmed(device, version(3))
    device.install(version(4))
    assert device.start().version == 4
    assert device.start().version == 3, "the power failed before it was confirmed"
    assert "never confirmed" in says(device)[-1]


def test_a_trial_that_was_ended_on_purpose_goes_on_later(device, version):
    confirmed(device, version(3))
    device.install(version(4))
    device.put_back(device.start().digest)
    assert device.start().version == 4


def test_an_only_bundle_is_tried_again(device, version):
    device.install(version(3))
    assert [device.start().version, device.start().version] == [3, 3]


def test_an_older_version_is_refused_once_a_newer_was_confirmed(device, version):
    older = version(3)
    confirmed(device, version(4))
    with pytest.raises(OlderVersion, match=r"counter 3 \(version 3\), counter 4 was served here"):
        device.install(older)
    again = version(2, counter=9)
    device.install(again)
    assert device.start().version == 2, "the counter decides: a signer may mean to go back"


def test_only_bundles_that_are_needed_are_kept(device, version):
    confirmed(device, version(3))
    device.install(version(4))
    assert len(list((device.folder / "bundles").iterdir())) == 2
    device.confirm(device.start().digest)
    assert [file.stem for file in (device.folder / "bundles").iterdir()] == [device.state.current.digest]


def test_a_device_serves_one_model(device, bundle, version, tmp_path, package, people):
    confirmed(device, version(3))
    from daybreak.registry import package as packages

    other = packages.read(package)
    packages.seal(package, type(other)("large", 9, 1.0, other.signature, other.runtime))
    with pytest.raises(UsageError, match="this device serves small, the bundle is of large"):
        device.install(verify(bundle("large.dbk"), people.trusted))


def test_a_state_that_was_altered_or_is_another_devices_is_refused(device, version, people):
    confirmed(device, version(3))
    path = device.folder / "state.json"
    path.write_bytes(path.read_bytes().replace(b'"floor":3', b'"floor":1'))
    with pytest.raises(WrongKey, match="was altered, or written with another key"):
        device.start()
    path.write_bytes(path.read_bytes().replace(b'"floor":1', b'"floor":3'))
    assert device.start().version == 3
    own = keys.name(people.device.public_key())
    with pytest.raises(WrongKey, match=f"a bundle here says: it is for device {own}"):
        DeviceFolder(device.folder, DeviceKey(people.other)).start()
    path.write_text("{")
    with pytest.raises(DamagedBundle, match="no state of a device"):
        device.start()


def test_a_passphrase_keeps_a_state_too(tmp_path, version):
    place = tmp_path / "phrase"
    locked = packing.Recipients((), ["correct horse battery"], EASY)
    confirmed(DeviceFolder(place, Passphrase("correct horse battery", EASY)), version(3, recipients=locked))
    assert DeviceFolder(place, Passphrase("correct horse battery", EASY)).start().version == 3
    with pytest.raises(WrongKey):
        DeviceFolder(place, Passphrase("another horse battery", EASY)).start()


def test_an_installed_bundle_that_was_exchanged_is_found(device, version, people):
    confirmed(device, version(4))
    older = version(3)
    (device.folder / "bundles" / f"{device.state.current.digest}.dbk").write_bytes(older.path.read_bytes())
    with pytest.raises(UntrustedBundle, match="not the bundle that was installed"):
        device.bundle(device.start(), people.trusted)


def test_an_empty_device_says_what_to_do(device):
    with pytest.raises(NotFound, match="no bundle is installed"):
        device.start()


def test_what_it_keeps_for_other_purposes_has_keys_of_its_own(device, people):
    secret = device.secret("feedback")
    assert secret != device.secret("head")
    assert DeviceFolder(device.folder, DeviceKey(people.device)).secret("feedback") == secret


def _notes(folder, key, name):
    from daybreak.edge import keys

    device = DeviceFolder(folder, DeviceKey(keys.device(key)))
    for number in range(5):
        device.note(f"{name} {number}")


def test_processes_that_change_it_at_once_lose_nothing(device, people):
    context = multiprocessing.get_context("fork")
    started = [context.Process(target=_notes, args=(device.folder, people.place / "device.pem", name)) for name in "ab"]
    for process in started:
        process.start()
    for process in started:
        process.join(30)
    assert sorted(says(device)) == [f"{name} {number}" for name in "ab" for number in range(5)]


def confirmed(device, bundle):
    device.install(bundle)
    device.confirm(device.start().digest)
