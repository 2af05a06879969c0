"""What a sealed model costs: packing, verifying and opening it against bare hashing and bare AES, and a device's start and memory.

    python benchmarks/edge.py [--megabytes 200]

Nothing was to be reached; a replica of `daybreak deploy` has 100 MB and 1.5 s to its first 200, which a device may be held against.
"""

import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from daybreak.edge import keys, packing
from daybreak.edge.unsealing import unseal
from daybreak.edge.verifying import verify
from daybreak.edge.wrapping import DeviceKey
from daybreak.registry import package as packages
from daybreak.signature.fields import Field, Output, Signature
from daybreak.testing import packages as small


def timed(work, times=3):
    """Seconds of the best of some runs, and what it gave."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        found = work()
        took.append(time.perf_counter() - began)
    return min(took), found


def people(place):
    keys.make("signing", place / "signer.pem")
    keys.make("device", place / "device.pem")
    return keys.signer(place / "signer.pem"), keys.device(place / "device.pem")


def sealing(place, signer, device, megabytes):
    folder = place / "large"
    folder.mkdir()
    data = os.urandom(megabytes << 20)
    (folder / "model.onnx").write_bytes(data)
    signature = Signature((Field("x", "number"),), (Output("y", "number"),))
    packages.seal(folder, packages.Package("large", 1, 1.0, signature, packages.Runtime("onnx")))
    hashed, _ = timed(lambda: hashlib.sha256(data).digest())
    key = AESGCM(bytes(32))
    pieces = [data[at : at + (1 << 20)] for at in range(0, len(data), 1 << 20)]
    ciphered, _ = timed(lambda: [key.encrypt(bytes(12), piece, None) for piece in pieces])
    recipients = packing.Recipients([device.public_key()])
    packed, _ = timed(lambda: packing.pack(folder, place / "large.dbk", signer, recipients))
    verified, bundle = timed(lambda: verify(place / "large.dbk", [signer.public_key()]))
    opened, _ = timed(lambda: unseal(bundle, DeviceKey(device)))
    print(
        f"{megabytes} MB, one thread: bare SHA-256 {megabytes / hashed:,.0f} MB/s, bare AES-256-GCM {megabytes / ciphered:,.0f} MB/s"
    )
    for what, took, bare in (
        ("pack (hash twice, encrypt, write)", packed, 2 * hashed + ciphered),
        ("verify (hash)", verified, hashed),
        ("open (hash twice, decrypt)", opened, 2 * hashed + ciphered),
    ):
        print(
            f"  {what:36} {took:6.2f} s   {megabytes / took:6,.0f} MB/s   {took / bare:4.2f}x of bare hashing and ciphering"
        )


def starting(place, signer, device, times=5):
    small.mlp(place / "mlp")
    packing.pack(place / "mlp", place / "mlp.dbk", signer, packing.Recipients([device.public_key()]))
    words = ["edge", "run", "--trust", place / "signer.pub", "--key", place / "device.pem", "--state", place / "state"]
    first = [*words[:2], place / "mlp.dbk", *words[2:], "--trial", "0"]
    serve(first)
    found = [serve(words) for _ in range(times)]
    print(f"a device's start to its first 200: {min(each[0] for each in found):.2f} s (best of {times})")
    print(f"its memory then: {found[-1][1] / 1e6:.0f} MB resident")


def serve(words):
    command = [sys.executable, "-m", "daybreak.cli", *map(str, words), "--port", "0", "--json"]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        text = ""
        while not text.endswith("}\n"):
            text += process.stdout.readline()
        connection = http.client.HTTPConnection(json.loads(text)["url"].removeprefix("http://"))
        connection.request("POST", "/predict", json.dumps({"features": [0.0] * 64}))
        assert connection.getresponse().status == 200
        took = time.perf_counter() - began
        pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        connection.close()
        time.sleep(1)  # the trial of 0 s is confirmed
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    return took, pages * os.sysconf("SC_PAGE_SIZE")


def main(words):
    megabytes = int(words[words.index("--megabytes") + 1]) if "--megabytes" in words else 200
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        signer, device = people(place)
        sealing(place, signer, device, megabytes)
        starting(place, signer, device)


if __name__ == "__main__":
    main(sys.argv[1:])
