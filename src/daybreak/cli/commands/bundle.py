"""`bundle`: a registered model as one signed and encrypted file for devices."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from daybreak.base.errors import UsageError
from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.edging import PassphraseFile, needs_cryptography, passphrase
from daybreak.cli.output import console, print_json, progress_bar
from daybreak.cli.writing import written, written_file
from daybreak.client.homes import find_home

if TYPE_CHECKING:
    from daybreak.edge.manifest import Manifest

Model = Annotated[
    str, Parameter(help="digits@production, digits@3, digits (its newest version), or a package's folder.")
]


def bundle(
    model: Model,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="The file to write, usually NAME.dbk.")],
    sign: Annotated[
        Path | None, Parameter(help="The signer's private key; make one: daybreak edge keys signing -o KEY.pem")
    ] = None,
    devices: Annotated[
        tuple[Path, ...], Parameter(name="--for", help="A device's public key; several by repeating it.")
    ] = (),
    passphrase_file: PassphraseFile = None,
    counter: Annotated[
        int | None,
        Parameter(help="Devices take none with a smaller one than they confirmed; left out, the model's version."),
    ] = None,
    container: Annotated[
        bool, Parameter(help="Write a Dockerfile and its context to the folder --output instead; nothing is encrypted.")
    ] = False,
    days: Annotated[float, Parameter(help="Until the token of a container expires; 0: never.")] = 90.0,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Seal a model into one file that only its devices open and only its signer makes; `daybreak edge run` serves it offline.

    Model, processing, examples and card are encrypted (AES-256-GCM); the manifest (names, types, versions, digests) is not. The signature
    over both is OpenSSF model signing's, which the public model_signing tool verifies.

    JSON: {path, bytes, model, version, counter, id, signer, recipients, requires}; with --container {path, model, version, token}.
    """
    from daybreak.registry.store import Registry

    if container:
        _contain(Registry(find_home(home)).registered(model).folder, output, days, json=json)
        return
    if sign is None:
        raise UsageError("a bundle is signed: --sign KEY.pem; make one: daybreak edge keys signing -o KEY.pem")
    needs_cryptography()
    from daybreak.edge import keys, packing

    key = keys.signer(sign)
    phrases = [passphrase(passphrase_file)] if passphrase_file else []
    recipients = packing.Recipients([keys.device_public(path) for path in devices], phrases)
    found = Registry(find_home(home)).registered(model)
    with progress_bar(f"bundling {found.name} {found.version}", quiet=json) as bar, written_file(output):
        made = packing.pack(found.folder, output, key, recipients, counter, bar)
    told = _told(made, output) | {"signer": keys.name(key.public_key())}
    print_json(told) if json else _print(told)


def _contain(folder: Path, output: Path, days: float, *, json: bool) -> None:
    from daybreak.edge.container import context

    with written(output):
        package, token = context.write(folder, output, days)
    told = {"path": str(output), "model": package.name, "version": package.version, "token": token}
    if json:
        print_json(told)
        return
    out = console()
    out.print(f"{output}: docker build -t {package.name}:{package.version} {output}", soft_wrap=True)
    out.print(f"then:  docker run -p 8080:8080 {package.name}:{package.version}", soft_wrap=True)
    out.print(f"token: {token}   (shown this once; requests carry it as `Authorization: Bearer TOKEN`)", soft_wrap=True)


def _told(made: "Manifest", path: Path) -> dict[str, Any]:
    from daybreak.edge.wrapping import ForDevice

    return {
        "path": str(path),
        "bytes": path.stat().st_size,
        "model": made.package.name,
        "version": made.package.version,
        "counter": made.counter,
        "id": made.id,
        "recipients": [each.key if isinstance(each, ForDevice) else "passphrase" for each in made.recipients],
        "requires": list(made.requires),
    }


def _print(told: dict[str, Any]) -> None:
    whom = ", ".join("a passphrase" if each == "passphrase" else f"device {each}" for each in told["recipients"])
    console().print(
        f"{told['path']}: {told['model']} version {told['version']} (counter {told['counter']}), {told['bytes']:,} bytes, "
        f"signed by {told['signer']}, for {whom}",
        soft_wrap=True,
    )
