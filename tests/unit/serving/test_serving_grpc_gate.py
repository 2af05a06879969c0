"""What gRPC refuses before it has read a message: calls without a token, and more calls at once than may be."""

import asyncio
from types import SimpleNamespace

import grpc
import pytest
from grpc import StatusCode

from daybreak.serving import grpc as served
from daybreak.serving import tokens
from daybreak.serving.deployment import Deployment, Limits, Served
from daybreak.serving.grpc.messages import SERVICE
from daybreak.serving.grpc.service import Service
from daybreak.serving.sockets import reserve

pytestmark = pytest.mark.enable_socket

NO_MESSAGE = b"\xff" * 40  # nobody can parse it


class Deployed:
    """A replica's gRPC beside an engine that has no model."""

    def __init__(self, home, queue=8):
        held = reserve("127.0.0.1", 0)
        self.port = held.getsockname()[1]
        held.close()
        wanted = Deployment(
            "shop", (Served("champion", "digits", 3, "/none"),), grpc_port=self.port, limits=Limits(queue=queue)
        )
        self.counted = []
        meter = SimpleNamespace(request=lambda face, status, seconds: self.counted.append((face, status)))
        folder = home / "deployments" / "shop"
        self.engine = SimpleNamespace(deployment=wanted, folder=folder, closers=[], meter=meter, tracing=None)

    def run(self, work):
        """`work` is given a function that makes one call."""

        async def within():
            await served.attach(self.engine, 0)
            async with grpc.aio.insecure_channel(f"127.0.0.1:{self.port}") as channel:

                async def call(method, message, token=""):
                    beside = (("authorization", f"Bearer {token}"),) if token else ()
                    try:
                        return await channel.unary_unary(f"/{SERVICE}/{method}")(message, metadata=beside, timeout=20)
                    except grpc.aio.AioRpcError as error:
                        return error.code(), dict(error.trailing_metadata()).get("code")

                try:
                    return await work(call)
                finally:
                    for close in self.engine.closers:
                        await close(None)

        return asyncio.run(within())


@pytest.mark.parametrize("method", ["ModelInfer", "ModelMetadata", "NoSuchMethod"])
def test_a_call_without_a_token_is_refused_before_its_message_is_parsed(tmp_path, method):
    deployed = Deployed(tmp_path)
    tokens.create(tmp_path / "tokens.json", "me", ("predict",))
    found = deployed.run(lambda call: call(method, NO_MESSAGE))
    assert found == (StatusCode.UNAUTHENTICATED, "token_missing")
    assert deployed.counted == [(b"/grpc", 401)]


def test_a_token_opens_what_its_scope_names(tmp_path):
    _, token = tokens.create(tmp_path / "tokens.json", "me", ("predict",))

    async def work(call):
        return (
            await call("ServerLive", b""),
            await call("ModelMetadata", NO_MESSAGE, token),
            (await call("ModelInfer", NO_MESSAGE, token))[0],
        )

    live, metadata, parsed = Deployed(tmp_path).run(work)
    assert live == b"\x08\x01"
    assert metadata == (StatusCode.PERMISSION_DENIED, "scope_missing")
    assert parsed not in (StatusCode.OK, StatusCode.UNAUTHENTICATED)


def test_more_calls_at_once_than_may_wait_are_refused(tmp_path, monkeypatch):
    answered, go = Service._ServerLive, asyncio.Event()

    async def slow(self, request, context):
        await go.wait()
        return await answered(self, request, context)

    async def work(call):
        waiting = [asyncio.ensure_future(call("ServerLive", b"")) for _ in range(8)]
        refused, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        go.set()
        return [one.result() for one in refused], await asyncio.gather(*waiting)

    monkeypatch.setattr(Service, "_ServerLive", slow)
    refused, every = Deployed(tmp_path, queue=2).run(work)
    assert set(refused) == {(StatusCode.RESOURCE_EXHAUSTED, "overloaded")}
    assert b"\x08\x01" in every
