"""A server in a thread of the test's own process, and a real browser that looks at it."""

import asyncio
import shutil
import socket
import threading
from pathlib import Path

from daybreak.inference.loading import load
from daybreak.serving import app, predict
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.engine import Engine
from daybreak.serving.events import Feedback, Reader, Writer
from daybreak.serving.guard import guard_of
from daybreak.serving.http.server import Server
from daybreak.serving.ids import KEY_BYTES, Ids

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
]  # fmt: skip
PATIENCE = 30_000  # milliseconds: the machine may be busy
SHOTS = Path(__file__).parents[3] / "build" / "screenshots"


class Serving:
    """Deployments of one home, on ports of loopback."""

    def __init__(self, home):
        self.home = home
        self.ports, self.engines, self.origins = {}, {}, set()
        self._servers = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="serving")
        self._thread.start()

    def add(self, name, model, **wanted):
        """Serve a model, or a package by its folder, under a name."""
        asyncio.run_coroutine_threadsafe(self._add(name, model, wanted), self._loop).result(30)

    async def _add(self, name, model, wanted):
        folder = self.home / "deployments" / name
        loaded = load(model) if isinstance(model, Path) else model
        engine = Engine(folder, lambda served, threads: loaded, Ids(b"k" * KEY_BYTES), Writer(folder / "events", 1))
        served = Served("champion", loaded.package.name, loaded.package.version, "")
        await engine.prepare(Deployment(name, (served,), **wanted))
        engine.switch()
        server = Server(app.build(engine), {b"/predict": predict.handler(engine)}, engine.deployment.limits)
        server.guard = guard_of(folder, engine.deployment)
        listening = socket.create_server(("127.0.0.1", 0))
        await server.listen([listening])
        self._servers.append(server)
        self.ports[name], self.engines[name] = listening.getsockname()[1], engine
        self.origins.add(f"http://127.0.0.1:{self.ports[name]}")

    def url(self, name, path="/"):
        return f"http://127.0.0.1:{self.ports[name]}{path}"

    def folder(self, name):
        return self.engines[name].folder

    def feedback(self, name):
        """What was told of answers, in order."""
        return [event for event in Reader(self.folder(name) / "events").poll() if isinstance(event, Feedback)]

    def close(self):
        async def end():
            await asyncio.gather(*(server.drain(1.0) for server in self._servers))
            for engine in self.engines.values():
                await engine.drain()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()


class Browser:
    """Two windows, of a desk and of a phone. Watched: each request goes to one of the servers, no script fails, no policy is broken."""

    def __init__(self, chromium, serving):
        self._serving = serving
        desk, hand = {"width": 1180, "height": 860}, {"width": 360, "height": 740}
        self._contexts = [chromium.new_context(viewport=desk), chromium.new_context(viewport=hand, has_touch=True)]
        self._pages = [self._watched(context) for context in self._contexts]
        self.wrong = []

    def visit(self, name, *, dark=False, phone=False, still=False):
        """A deployment's page, loaded afresh."""
        page = self._pages[phone]
        motion = "reduce" if still else "no-preference"
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion=motion)
        page.goto(self._serving.url(name))
        return page

    def shot(self, page, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png", full_page=True)

    def leave(self):
        """As it was before the test; what went wrong in it."""
        for context, kept in zip(self._contexts, self._pages, strict=True):
            context.set_offline(False)
            for page in context.pages:
                if page is not kept:
                    page.close()
        wrong, self.wrong = self.wrong, []
        return wrong

    def _watched(self, context):
        context.set_default_timeout(PATIENCE)
        context.on("request", self._asked)
        context.on("page", lambda page: page.on("pageerror", lambda error: self.wrong.append(str(error))))
        page = context.new_page()
        page.on("console", lambda said: self._said(said.text))
        return page

    def _asked(self, request):
        local = request.url.startswith(("data:", "blob:", "about:")) or any(
            request.url.startswith(f"{origin}/") for origin in self._serving.origins
        )
        if not local:
            self.wrong.append(f"asked {request.url}")

    def _said(self, text):
        if "Content Security Policy" in text or "Refused to" in text:
            self.wrong.append(text)
