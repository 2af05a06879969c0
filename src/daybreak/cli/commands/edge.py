"""`edge`: keys, bundles as they are, and a device that serves one."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import App, Parameter

from daybreak.cli.arguments import Json
from daybreak.cli.edging import Bundle, KeyFile, PassphraseFile, State, Trust, needs_cryptography, trusted, unlock
from daybreak.cli.output import ago, console, print_json, styled, table

if TYPE_CHECKING:
    from daybreak.edge.device.state import Installed
    from daybreak.edge.manifest import Manifest

app = App(name="edge", help="Signed and encrypted bundles, and the device that serves one offline.")
keys_app = App(name="keys", help="Make keys: of a signer, or of a device.")
app.command(keys_app)

KeyPath = Annotated[
    Path, Parameter(name=["--output", "-o"], help="The private key's file; the public one lies beside it as NAME.pub.")
]


@keys_app.command(name="signing")
def signing_key(*, output: KeyPath = Path("signer.pem"), json: Json = False) -> None:
    """Make the key that signs bundles (ECDSA on P-256). Keep the private file where bundles are made; devices get the public one.

    JSON: {private, public, name}.
    """
    _make("signing", output, json=json)


@keys_app.command(name="device")
def device_key(*, output: KeyPath = Path("device.pem"), json: Json = False) -> None:
    """Make a device's key (X25519), on the device itself. Its private file never leaves it; who makes bundles gets the public one.

    JSON: {private, public, name}.
    """
    _make("device", output, json=json)


@app.command
def inspect(bundle: Bundle, *, trust: Trust = (), json: Json = False) -> None:
    """Show what a bundle says of itself; with --trust also whether that may be believed. Decrypts nothing.

    JSON: {path, bytes, verified, signer, digest, requires_here, manifest}; without --trust `verified` is false and `signer` null.
    """
    needs_cryptography()
    from daybreak.edge import requirements, verifying

    if trust:
        believed = verifying.verify(bundle, trusted(trust))
        told, signer, digest = believed.manifest, believed.signer, believed.digest
    else:
        told, signer, digest = verifying.claimed(bundle), None, None
    lacking = requirements.missing(told.requires)
    if json:
        stated = {"path": str(bundle), "bytes": bundle.stat().st_size, "verified": bool(trust), "signer": signer}
        print_json(stated | {"digest": digest, "missing_here": lacking, "manifest": msgspec.to_builtins(told)})
        return
    _print_manifest(bundle, told, signer, lacking)


@app.command
def status(*, state: State, key: KeyFile = None, passphrase_file: PassphraseFile = None, json: Json = False) -> None:
    """Show what a device has: the version it serves, one on trial, the counter it never goes below, what happened.

    JSON: {model, floor, current, trial, notices}.
    """
    needs_cryptography()
    from daybreak.edge.device.folder import DeviceFolder

    found = DeviceFolder(state, unlock(key, passphrase_file)).state
    if json:
        print_json(msgspec.to_builtins(found))
        return
    out = console()
    out.print(styled((found.model or "nothing installed", "bold"), f"   never below counter {found.floor}"))
    for what, installed in (("serves", found.current), ("on trial", found.trial)):
        if installed is not None:
            out.print(f"{what}: {_version(installed)}")
    for notice in found.notices:
        out.print(styled((f"{ago(notice.at, time.time())} ago  ", "dim"), notice.says), soft_wrap=True)


def _make(kind: Any, output: Path, *, json: bool) -> None:
    needs_cryptography()
    from daybreak.edge import keys

    public = keys.make(kind, output)
    name = keys.name(keys.signer_public(public) if kind == "signing" else keys.device_public(public))
    if json:
        print_json({"private": str(output), "public": str(public), "name": name})
    else:
        console().print(f"{output} (private, for its owner alone) and {public}: {kind} key {name}", soft_wrap=True)


def _print_manifest(bundle: Path, told: "Manifest", signer: str | None, lacking: list[str]) -> None:
    from daybreak.edge.wrapping import ForDevice

    record = told.package
    believed = ("verified", "bold green") if signer else ("not verified", "bold yellow")
    by = (
        f": signed by {signer}, whom you trust"
        if signer
        else ": give --trust SIGNER.pub; until then anybody may have written this"
    )
    out = console()
    out.print(styled((told.told, "bold"), f"   counter {told.counter}   {bundle.stat().st_size:,} bytes"))
    out.print(styled(believed, by), soft_wrap=True)
    whom = ["a passphrase" if not isinstance(each, ForDevice) else f"device {each.key}" for each in told.recipients]
    steps = [step.name for step in record.before], [step.name for step in record.after]
    rows = [
        ("made", datetime.fromtimestamp(told.created, UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("about", record.description),
        ("takes", ", ".join(f"{field.name} ({field.kind})" for field in record.signature.inputs)),
        ("gives", ", ".join(f"{field.name} ({field.kind})" for field in record.signature.outputs)),
        (
            "steps",
            f"{', '.join(steps[0]) or '-'} | {record.runtime.kind} {record.runtime.precision} | {', '.join(steps[1]) or '-'}",
        ),
        ("measured", "  ".join(f"{name}={value:.4g}" for name, value in record.metrics.items())),
        ("limits", "; ".join(record.limits)),
        ("needs", ", ".join(told.requires)),
        ("missing here", ", ".join(lacking)),
        ("opened by", ", ".join(whom)),
        ("files", ", ".join(f"{name} ({stored.size:,})" for name, stored in record.files.items())),
    ]
    out.print(table(["", ""], [row for row in rows if row[1]]))


def _version(installed: "Installed") -> str:
    return f"version {installed.version} (counter {installed.counter})   {installed.digest[:16]}"
