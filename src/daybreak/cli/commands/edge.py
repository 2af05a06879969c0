"""`edge`: keys, bundles as they are, and a device that serves one."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import App, Parameter

from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.edging import (
    Bundle,
    KeyFile,
    PassphraseFile,
    State,
    Trust,
    access,
    needs_cryptography,
    needs_serving,
    opened_device,
    state_folder,
    trusted,
)
from daybreak.cli.output import ago, console, number, print_json, styled, table
from daybreak.cli.writing import written, written_file

if TYPE_CHECKING:
    from daybreak.edge.device import state as states
    from daybreak.edge.manifest import Manifest
    from daybreak.edge.tuning.order import Report

app = App(name="edge", help="Signed and encrypted bundles, and the device that serves one offline.")
keys_app = App(name="keys", help="Make keys: of a signer, or of a device.")
app.command(keys_app)

KeyPath = Annotated[
    Path, Parameter(name=["--output", "-o"], help="The private key's file; the public one lies beside it as NAME.pub.")
]
Installed = Annotated[Path | None, Parameter(help="A bundle (.dbk) to install and serve; left out, what is installed.")]
Host = Annotated[str, Parameter(help="Address to listen on; others than this machine's own need a token.")]
Updates = Annotated[str, Parameter(help="Ask there for newer bundles: a folder of them, or a http(s) URL of one.")]
Trial = Annotated[float, Parameter(help="Seconds in which a new version has to do well before it is confirmed.")]


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
def run(
    bundle: Installed = None,
    *,
    trust: Trust = (),
    key: KeyFile = None,
    passphrase_file: PassphraseFile = None,
    state: State = None,
    host: Host = "127.0.0.1",
    port: Annotated[int, Parameter(help="0: any that is free.")] = 8080,
    threads: Annotated[int, Parameter(help="Of the runtime.")] = 1,
    updates: Updates = "",
    every: Annotated[float, Parameter(help="Seconds between questions for updates.")] = 300.0,
    trial: Trial = 30.0,
    learn: Annotated[bool, Parameter(help="Keep requests beside feedback, for `daybreak edge tune`.")] = False,
    certificate: Annotated[str, Parameter(help="PEM file: serve by TLS.")] = "",
    tls_key: Annotated[str, Parameter(help="PEM file of the certificate's key.")] = "",
    page: Annotated[bool, Parameter(help="Serve the page at /.", negative="--no-page")] = True,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Serve a bundle offline: verify it, decrypt it into memory, answer REST and a page. Ctrl-C answers what waits and ends it.

    A version is on trial first: one that fails, or takes the process with it, is dropped for the one before; one that was confirmed can
    not be followed by an older one.

    JSON: {url, model, version, digest, tuned, trial, state} as soon as it serves.
    """
    given = access(trust, key, passphrase_file)
    needs_serving()
    from daybreak.cli.edge_serving import Asked, serve
    from daybreak.edge.running.options import Options

    options = Options(host, port, threads, trial, every, learn, page, certificate, tls_key)
    serve(Asked(bundle, state, home, updates, json), given, options)


@app.command
def update(
    bundle: Bundle,
    *,
    trust: Trust = (),
    key: KeyFile = None,
    passphrase_file: PassphraseFile = None,
    state: State = None,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Install a newer bundle: verified, opened and tried in a process of its own; a device that serves takes it on trial at once.

    JSON: {model, floor, current, trial, notices}.
    """
    given = access(trust, key, passphrase_file)
    from daybreak.edge.device.folder import DeviceFolder
    from daybreak.edge.updating import update as take
    from daybreak.edge.verifying import verify

    name = verify(bundle, given.trusted()).manifest.package.name
    folder = state_folder(state, name, home)
    with written(folder):
        found = take(DeviceFolder(folder, given.unlock()), bundle, given)
    _print_state(found, json=json)


@app.command
def status(
    *,
    state: State = None,
    key: KeyFile = None,
    passphrase_file: PassphraseFile = None,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Show what a device has: the version it serves, one on trial, the counter it never goes below, what happened.

    JSON: {model, floor, current, trial, notices, tuned}; `tuned` is the report of `daybreak edge tune`, or null.
    """
    device = opened_device(state, key, passphrase_file, home)
    from daybreak.edge.tuning import local

    found = device.state
    tuned = local.kept(device)
    own = tuned.report if tuned and found.current and tuned.bundle == found.current.digest else None
    if json:
        print_json(msgspec.to_builtins(found) | {"tuned": own})
        return
    _print_state(found, json=False)
    if own:
        console().print(
            f"with a last layer of its own: {number(own['before'])} -> {number(own['after'])} on {own['rows']} judged rows"
        )


@app.command
def tune(
    *,
    feedback: Annotated[
        Path | None,
        Parameter(
            help='JSON lines {"inputs": {...}, "truth": ...}; left out, what this device was told (run --learn).'
        ),
    ] = None,
    drop: Annotated[bool, Parameter(help="Go back to the model as it was signed.")] = False,
    trust: Trust = (),
    key: KeyFile = None,
    passphrase_file: PassphraseFile = None,
    state: State = None,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Fit the model's last layer to local feedback, by torch in a process of its own; keep it only where it is better.

    Everything before that layer keeps its bytes, and the signed bundle stays as it is. A device that serves follows at once.

    JSON: {task, rows, anchors, before, after, loss_before, loss_after, anchors_before, anchors_after, strength, rest}, null with --drop.
    """
    device = opened_device(state, key, passphrase_file, home)
    from daybreak.edge.running.events import FOLDER
    from daybreak.edge.tuning import local
    from daybreak.edge.tuning.feedback import from_device, from_file
    from daybreak.edge.tuning.tuning import tune as fit

    if drop:
        gone = local.drop(device)
        print_json(None) if json else console().print("as it was signed" if gone else "there was no tuned layer")
        return
    given = access(trust, key, passphrase_file)
    judged = from_file(feedback) if feedback else from_device(device.folder / FOLDER)
    report = fit(device, given.trusted(), given.unlock(), judged)
    print_json(msgspec.to_builtins(report)) if json else _print_report(report)


def _make(kind: Any, output: Path, *, json: bool) -> None:
    needs_cryptography()
    from daybreak.edge import keys

    with written_file(output):
        public = keys.make(kind, output)
    name = keys.name(keys.signer_public(public) if kind == "signing" else keys.device_public(public))
    if json:
        print_json({"private": str(output), "public": str(public), "name": name})
    else:
        console().print(f"{output} (private, for its owner alone) and {public}: {kind} key {name}", soft_wrap=True)


def _print_state(found: "states.State", *, json: bool) -> None:
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


def _print_report(report: "Report") -> None:
    kept = report.strength is not None
    what = "squared error" if report.task == "numbers" else "right"
    out = console()
    out.print(
        styled(
            ("kept" if kept else "not kept: no change was better than none", "bold green" if kept else "bold yellow")
        )
    )
    rows = [(f"{report.rows} judged rows (cross-validated)", report.before, report.after)]
    if report.anchors_before is not None:
        rows.append((f"{report.anchors} examples of the bundle", report.anchors_before, report.anchors_after or 0.0))
    out.print(table([what, "signed", "tuned"], rows, right=["signed", "tuned"]))


def _print_manifest(bundle: Path, told: "Manifest", signer: str | None, lacking: list[str]) -> None:
    from daybreak.edge.manifest import printable
    from daybreak.edge.wrapping import ForDevice

    record = told.package
    believed = ("verified", "bold green") if signer else ("not verified", "bold yellow")
    by = (
        f": signed by {signer}, whom you trust"
        if signer
        else ": give --trust SIGNER.pub; until then anybody may have written this"
    )
    out = console()
    out.print(styled((printable(told.told), "bold"), f"   counter {told.counter}   {bundle.stat().st_size:,} bytes"))
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
    out.print(table(["", ""], [(what, printable(words)) for what, words in rows if words]))


def _version(installed: "states.Installed") -> str:
    return f"version {installed.version} (counter {installed.counter})   {installed.digest[:16]}"
