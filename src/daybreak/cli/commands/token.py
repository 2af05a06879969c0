"""`token`: bearer tokens of deployments."""

import time
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from daybreak.base.errors import UsageError
from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.output import ago, console, print_json, styled, table
from daybreak.client.homes import find_home
from daybreak.serving import desired, tokens

app = App(name="token", help="Bearer tokens: who may ask a deployment what.")


@app.command
def create(
    name: Annotated[str, Parameter(help="Whose it is, such as web-shop.")],
    *,
    scopes: Annotated[
        str, Parameter(help="Of predict, feedback, read (metadata, metrics, drift, A/B), admin (all), with commas.")
    ] = "predict,feedback",
    days: Annotated[float, Parameter(help="Until it expires; 0: never.")] = 90.0,
    deployments: Annotated[
        str, Parameter(help="Names of deployments it opens, with commas; * matches any part.")
    ] = "*",
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Make a token. It is shown this once; only its hash is kept.

    JSON: {id, name, scopes, created, expires, deployments, token}.
    """
    opened = _parts(deployments)
    if not opened:
        raise UsageError("--deployments names at least one deployment, got none: * opens every one")
    made, text = tokens.create(find_home(home).tokens, name, _parts(scopes), days=days, deployments=opened)
    if json:
        print_json(_told(made) | {"token": text})
        return
    console().print(text, soft_wrap=True)
    ends = f"ends in {days:g} days" if days else "never ends"
    console().print(
        styled((f"of {name}, for {', '.join(made.scopes)}, {ends}; it is not shown again", "dim")), soft_wrap=True
    )


@app.command
def ls(*, json: Json = False, home: HomeFolder = None) -> None:
    """List tokens: whose, for what, until when.

    JSON: a list of {id, name, scopes, created, expires, deployments}.
    """
    found, now = tokens.every(find_home(home).tokens), time.time()
    if json:
        print_json([_told(one) for one in found])
    elif not found:
        console().print("there is no token yet: daybreak token create NAME")
    else:
        rows = [
            [
                one.name,
                one.id,
                ", ".join(one.scopes),
                ", ".join(one.deployments),
                ago(one.created, now),
                _ends(one, now),
            ]
            for one in found
        ]
        console().print(table(["name", "id", "for", "deployments", "made", "ends"], rows))


@app.command
def revoke(name: Annotated[str, Parameter(help="The token's name or id.")], *, home: HomeFolder = None) -> None:
    """Take a token back; deployments notice within a second. Those that have no other refuse everybody until one is made."""
    place = find_home(home)
    gone = tokens.revoke(place.tokens, name)
    console().print(f"revoked {gone.name}")
    left = tokens.every(place.tokens)
    shut = [one for one in desired.names(place) if gone.opens(one) and not any(other.opens(one) for other in left)]
    if shut:
        told = f"it refuses everybody until one is made; remove {place.tokens} to do without on this machine"
        console().print(f"no token is left for {', '.join(shut)}: {told}", soft_wrap=True)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _told(token: tokens.Token) -> dict[str, object]:
    return {name: value for name, value in msgspec.structs.asdict(token).items() if name not in ("sha256", "revoked")}


def _ends(token: tokens.Token, now: float) -> str:
    if not token.expires:
        return "never"
    return "expired" if token.expires <= now else f"in {(token.expires - now) / 86_400:.1f} days"
