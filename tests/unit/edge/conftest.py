"""A small package, a signer, a device; and bundles made of them."""

from types import SimpleNamespace

import pytest
from edge_packages import seal

from daybreak.edge import keys, packing


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    (folder / "assets").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(bytes(range(256)) * 10)
    (folder / "assets" / "words.txt").write_text("one\ntwo\n")
    (folder / "empty").write_bytes(b"")
    seal(folder)
    return folder


@pytest.fixture
def people(tmp_path):
    """The signer's and the device's key files, and what is read of them."""
    (tmp_path / "keys").mkdir()
    for kind, name in (("signing", "signer"), ("signing", "stranger"), ("device", "device"), ("device", "other")):
        keys.make(kind, tmp_path / "keys" / f"{name}.pem")
    place = tmp_path / "keys"
    return SimpleNamespace(
        place=place,
        signer=keys.signer(place / "signer.pem"),
        trusted=[keys.signer_public(place / "signer.pub")],
        stranger=keys.signer(place / "stranger.pem"),
        device=keys.device(place / "device.pem"),
        other=keys.device(place / "other.pem"),
    )


@pytest.fixture
def bundle(tmp_path, package, people):
    """Makes a bundle for the device; options as of `packing.pack`."""

    def make(name="small.dbk", **options):
        recipients = options.pop("recipients", packing.Recipients([people.device.public_key()]))
        packing.pack(package, tmp_path / name, options.pop("key", people.signer), recipients, **options)
        return tmp_path / name

    return make
