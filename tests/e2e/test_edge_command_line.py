"""From a package to a device that serves it offline, by commands alone; and what is told of bad bundles, keys and versions."""

import gzip
import http.client
import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tritonclient import http as triton

from daybreak.cli.main import main
from daybreak.edge.running.alone import alone
from daybreak.testing import packages

MNIST = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "mnist"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Keys, and a bundle of a small model, made by commands; the folder they lie in is the working directory of all."""
    folder = tmp_path_factory.mktemp("edge")
    packages.mlp(folder / "mlp", version=3)
    for words in (
        ("edge", "keys", "signing", "-o", folder / "signer.pem"),
        ("edge", "keys", "signing", "-o", folder / "stranger.pem"),
        ("edge", "keys", "device", "-o", folder / "device.pem"),
        ("edge", "keys", "device", "-o", folder / "other.pem"),
        (
            "bundle",
            folder / "mlp",
            "-o",
            folder / "mlp.dbk",
            "--sign",
            folder / "signer.pem",
            "--for",
            folder / "device.pub",
        ),
    ):
        assert run(*words) == 0
    (folder / "phrase").write_text("correct horse battery\n")
    (folder / "wrong").write_text("correct horse batterie\n")
    run(
        "bundle",
        folder / "mlp",
        "-o",
        folder / "phrase.dbk",
        "--sign",
        folder / "signer.pem",
        "--passphrase-file",
        folder / "phrase",
    )
    good = (folder / "mlp.dbk").read_bytes()
    (folder / "cut.dbk").write_bytes(good[:-3000])
    (folder / "flipped.dbk").write_bytes(good[:9000] + bytes([good[9000] ^ 1]) + good[9001:])
    (folder / "text.dbk").write_text("hello" * 500)
    return folder


def run(*words):
    """Exit status of a command."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return ended.value.code


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        ("edge run cut.dbk --trust signer.pub --key device.pem", 8, "is cut off"),
        ("edge run flipped.dbk --trust signer.pub --key device.pem", 8, "altered after it was signed"),
        ("edge run text.dbk --trust signer.pub --key device.pem", 8, "is no bundle"),
        ("edge run none.dbk --trust signer.pub --key device.pem", 2, "cannot be read"),
        ("edge run mlp.dbk --trust stranger.pub --key device.pem", 8, "no trusted key signed it"),
        ("edge run mlp.dbk --trust device.pub --key device.pem", 2, "a signing key is an ECDSA key"),
        ("edge run mlp.dbk --key device.pem", 2, "a device trusts somebody"),
        ("edge run mlp.dbk --trust signer.pub --key other.pem", 8, "it is not for this device"),
        ("edge run mlp.dbk --trust signer.pub --key signer.pem", 2, "a device key is an X25519 key"),
        ("edge run mlp.dbk --trust signer.pub", 2, "one of them"),
        ("edge run phrase.dbk --trust signer.pub --passphrase-file wrong", 8, "the passphrase does not open it"),
        ("edge run phrase.dbk --trust signer.pub --passphrase-file none", 2, "a passphrase cannot be read"),
        ("edge run --trust signer.pub --key device.pem --state empty", 2, "no bundle is installed"),
        (
            "edge run mlp.dbk --trust signer.pub --key device.pem --state shut --host 0.0.0.0 --port 0",
            2,
            "needs a token that opens mlp, and 0.0.0.0 has none: daybreak token create NAME --home shut, or serve on",
        ),
        ("edge update cut.dbk --trust signer.pub --key device.pem", 8, "is cut off"),
        ("edge status --key device.pem --state nowhere", 2, "no device keeps its bundles"),
        ("edge inspect flipped.dbk --trust signer.pub", 8, "altered after it was signed"),
        ("edge keys device -o device.pem", 2, "never written over"),
        ("edge run mlp.dbk --trust signer.pub --key device.pem --state mlp.dbk/in", 2, "cannot write"),
        ("edge keys device -o device.pem/in.pem", 2, "cannot write"),
        ("bundle mlp/ -o none/x.dbk --sign signer.pem --for device.pub", 2, "cannot write"),
        ("bundle mlp/ -o mlp --container", 2, "to an empty folder"),
        ("bundle mlp/ -o x.dbk --for device.pub", 2, "a bundle is signed"),
        ("bundle mlp/ -o x.dbk --sign signer.pem", 2, "for somebody"),
        ("bundle mlp/ -o x.dbk --sign device.pem --for device.pub", 2, "a signing key is"),
        ("bundle mlp/ -o x.dbk --sign signer.pem --for signer.pub", 2, "a device key is"),
        ("bundle keys/ -o x.dbk --sign signer.pem --for device.pub", 2, "has none"),
        ("bundle mlp/ -o x.dbk --sign signer.pem --for device.pub --counter 0", 2, "whole number from 1"),
    ],
)
def test_bad_input_is_one_message_and_a_status(place, monkeypatch, capsys, words, status, says):
    monkeypatch.chdir(place)
    capsys.readouterr()
    assert run(*words.split()) == status
    told = capsys.readouterr().err
    assert says in " ".join(told.split())
    assert told.count("error:") == 1
    assert "Traceback" not in told
    assert not (place / "x.dbk").exists()


def test_one_process_serves_from_a_folder(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    (place / "taken").mkdir()
    words = "edge run mlp.dbk --trust signer.pub --key device.pem --state taken --port 0"
    with alone(place / "taken"):  # as the other process does
        assert run(*words.split()) == 2
    assert "another `daybreak edge run` serves from taken: stop that one" in " ".join(capsys.readouterr().err.split())
    assert not list((place / "taken" / "bundles").iterdir())


def test_a_bundle_says_what_it_is_and_whether_that_may_be_believed(place, capsys):
    run("edge", "inspect", place / "mlp.dbk", "--json")
    claimed = json.loads(capsys.readouterr().out)
    assert (claimed["verified"], claimed["signer"]) == (False, None)
    run("edge", "inspect", place / "mlp.dbk", "--trust", place / "signer.pub", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["verified"]
    assert told["manifest"]["package"]["version"] == told["manifest"]["counter"] == 3
    assert told["manifest"]["package"]["runtime"]["kind"] == "onnx"
    run("edge", "inspect", place / "mlp.dbk")
    assert "not verified: give --trust SIGNER.pub" in capsys.readouterr().out


def test_a_device_is_updated_and_asked_by_commands(place, tmp_path, capsys):
    opened = ["--key", place / "device.pem", "--state", tmp_path / "state"]
    trusting = ["--trust", place / "signer.pub", *opened]
    assert run("edge", "update", place / "mlp.dbk", *trusting, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["model"], told["floor"], told["current"], told["trial"]["version"]) == ("mlp", 0, None, 3)
    assert run("edge", "status", *opened) == 0
    assert "on trial: version 3 (counter 3)" in capsys.readouterr().out
    rows = [json.dumps({"inputs": {"features": [0.0] * 64}, "truth": "1"})] * 12
    (tmp_path / "told.jsonl").write_text("\n".join(rows))
    assert run("edge", "tune", "--feedback", tmp_path / "told.jsonl", *trusting) == 2
    assert "no version is confirmed on this device yet" in capsys.readouterr().err
    assert run("edge", "tune", *trusting) == 2
    assert "at least 10 judged rows, got 0" in " ".join(capsys.readouterr().err.split())
    assert run("edge", "tune", "--drop", *opened) == 0
    assert "there was no tuned layer" in capsys.readouterr().out


def test_a_bundle_that_nobody_vouches_for_moves_no_cursor(place, tmp_path, capsys):
    good = (place / "mlp.dbk").read_bytes()
    (tmp_path / "evil.dbk").write_bytes(good.replace(b"features", rb"\u001b[J"))
    assert run("edge", "inspect", tmp_path / "evil.dbk") == 0
    told = capsys.readouterr().out
    assert "\N{REPLACEMENT CHARACTER}[J (tensor)" in told
    assert "\x1b" not in told


@pytest.mark.enable_socket
@pytest.mark.skipif(not MNIST.is_dir(), reason="../shared/data is not on this machine")
def test_the_digits_network_is_right_9891_times_through_its_bundle(place, tmp_path):
    packages.mnist(tmp_path / "mnist", MNIST / "mnist.onnx")
    keys = ["--trust", place / "signer.pub", "--key", place / "device.pem", "--state", tmp_path / "state"]
    run(
        "bundle",
        tmp_path / "mnist",
        "-o",
        tmp_path / "m.dbk",
        "--sign",
        place / "signer.pem",
        "--for",
        place / "device.pub",
    )
    words = [str(word) for word in ("edge", "run", tmp_path / "m.dbk", *keys, "--port", "0", "--json")]
    with subprocess.Popen([sys.executable, "-m", "daybreak.cli", *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            text = ""
            while not text.endswith("}\n"):
                text += process.stdout.readline()
            address = json.loads(text)["url"].removeprefix("http://")
            assert right(address) == 9891
            assert answered(address)["prediction"]["digit"]["label"] == "7"
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    kept = b"".join(file.read_bytes() for file in (tmp_path / "state").rglob("*") if file.is_file())
    weights = (tmp_path / "mnist" / "model.onnx").read_bytes()[2000:2064]
    assert weights not in kept, "the model lies on the device's disk encrypted alone"


def right(address):
    images = read("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1)
    labels = read("t10k-labels-idx1-ubyte.gz", 8)
    found = 0
    with triton.InferenceServerClient(address) as client:
        for start in range(0, len(labels), 2000):
            given = triton.InferInput("image", [2000, 28, 28, 1], "UINT8")
            given.set_data_from_numpy(images[start : start + 2000])
            scores = client.infer("mnist", [given]).as_numpy("digit")
            found += int((scores.argmax(axis=1) == labels[start : start + 2000]).sum())
    return found


def answered(address):
    """The plain route's answer to the first test image, as a PNG in base64."""
    import base64
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(read("t10k-images-idx3-ubyte.gz", 16)[:784].reshape(28, 28)).save(out, "PNG")
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.request("POST", "/predict", json.dumps({"image": base64.b64encode(out.getvalue()).decode()}))
    told = json.loads(connection.getresponse().read())
    connection.close()
    return told


def read(name, head):
    with gzip.open(MNIST / name) as file:
        return np.frombuffer(file.read()[head:], np.uint8)
