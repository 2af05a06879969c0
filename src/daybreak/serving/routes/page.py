"""GET /: the page; GET /card: the model card; and under /page/ what the page asks for, where it shows its token itself.

GET  /page/DIGEST/NAME    script and style, kept by browsers for ever
GET  /page/form           the page inside its document, for whoever showed a token to the gate
GET  /page/examples       the first examples of the package, as JSON
POST /page/card           the model card, with the token as a form's field: a link cannot carry it
"""

import asyncio
import hashlib
from functools import cache
from importlib.resources import files
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from daybreak.base.errors import NotFound
from daybreak.serving.deployment import Deployment
from daybreak.serving.engine import Engine
from daybreak.serving.lane import Lane
from daybreak.serving.page import document
from daybreak.serving.page.examples import parsed
from daybreak.serving.problems import refuse
from daybreak.serving.refusals import Refusal
from daybreak.serving.routes.reading import body_of

CARD, EXAMPLES = "card.html", "examples.jsonl"
MEDIA = {"css": "text/css", "js": "text/javascript"}
FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
CARD_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
REFERRER = {"referrer-policy": "same-origin"}  # else a browser hides the origin of the form that asks for the card
LONGEST = 4_096  # bytes of a form with a token


def routes(engine: Engine) -> list[BaseRoute]:
    """Of this face."""
    face = _Face(engine)
    return [
        Route("/", face.page),
        Route("/card", face.card),
        Route("/page/card", face.card_for, methods=["POST"]),
        Route("/page/form", face.form),
        Route("/page/examples", face.examples),
        Route("/page/{digest}/{name}", face.file),
    ]


class _Face:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._made: tuple[object, document.Facts, str] | None = None  # of which models, and the page

    async def page(self, request: Request) -> Response:
        script = f"/page/{bundled()[0]}/"
        facts, page = await self._facts()
        try:
            _admit(request, request.headers.get("authorization"))
        except Refusal:
            return HTMLResponse(document.document(document.GATE, script), headers=REFERRER)
        return HTMLResponse(document.document(page, script, facts.package.name), headers=REFERRER)

    async def form(self, request: Request) -> Response:
        _admit(request, request.headers.get("authorization"))
        return HTMLResponse((await self._facts())[1])

    async def examples(self, request: Request) -> Response:
        _admit(request, request.headers.get("authorization"))
        facts, _ = await self._facts()
        return Response(document.examples_told(facts.examples), media_type="application/json")

    async def card(self, _: Request) -> Response:
        try:
            card = await asyncio.to_thread(self._engine.champion.model.read, CARD)
        except NotFound:
            raise refuse("unknown_path", "this model came without a card") from None
        return HTMLResponse(card, headers={"content-security-policy": CARD_POLICY})

    async def card_for(self, request: Request) -> Response:
        told = parse_qs(await body_of(request, LONGEST, ("application/x-www-form-urlencoded",)))
        token = b"".join(told.get(b"token", [])).decode("utf-8", "replace")
        _admit(request, f"Bearer {token}")
        return await self.card(request)

    async def file(self, request: Request) -> Response:
        digest, held = bundled()
        name = request.path_params["name"]
        if name not in held:
            raise refuse("unknown_path", f"there is no {request.url.path} here")
        kept = FOR_EVER if request.path_params["digest"] == digest else {}
        return Response(held[name], media_type=MEDIA[name.rpartition(".")[2]], headers=kept)

    async def _facts(self) -> "tuple[document.Facts, str]":
        """What the page is made of, and the page; made anew when other models are served. Raises `Refusal`."""
        engine = self._engine
        if not engine.deployment.page:
            raise refuse("unknown_path", "this deployment shows no page; its API is told at /openapi.json")
        key = engine.deployment, engine.champion
        if self._made is None or self._made[0] != key:
            facts = await asyncio.to_thread(_read, *key)
            self._made = key, facts, document.whole(facts)
        return self._made[1:]


def _read(deployment: Deployment, lane: Lane) -> document.Facts:
    model = lane.model
    try:
        examples = tuple(parsed(model.read(EXAMPLES)))
    except NotFound:
        examples = ()
    return document.Facts(deployment, model.package, examples, card=CARD in model.package.files)


def _admit(request: Request, authorization: str | None) -> None:
    """Whoever may predict may see what to ask. Raises `Refusal`."""
    guard = request.scope["state"].get("guard")
    if guard is not None:
        guard.admit_call("predict", authorization)


@cache
def bundled() -> tuple[str, dict[str, bytes]]:
    """The page's own script and style by name, and a digest of them all."""
    folder = files("daybreak.serving.page")
    held = {file.name: file.read_bytes() for kind in ("script", "style") for file in (folder / kind).iterdir()}
    digest = hashlib.sha256(b"".join(held[name] for name in sorted(held)))
    return digest.hexdigest()[:12], held
