"""Who comes where no replica accepts: told to ask again, never cut off."""

import asyncio
import ssl

import msgspec
import pytest
from serving_doubling import Client

from daybreak.serving import door as doors
from daybreak.serving.door import Door
from daybreak.serving.listeners import Listeners
from daybreak.serving.sockets import reserve

pytestmark = pytest.mark.enable_socket


def at_door(work, context=None):
    async def run():
        with reserve("127.0.0.1", 0) as reserved:
            door = Door(Listeners(reserved), context)
            door.listen()
            await work(door, reserved.getsockname()[1])

    asyncio.run(asyncio.wait_for(run(), 20))


async def told(client):
    status, headers, body = await client.answer()
    return status, headers["retry-after"], headers["connection"], msgspec.json.decode(body)["code"]


AGAIN = (503, "1", "close", "draining")


def test_who_waits_when_a_door_closes_is_told_to_ask_again():
    async def work(door, port):
        clients = [await Client.to(port) for _ in range(200)]
        closing = asyncio.ensure_future(door.close())
        for client in clients:
            client.ask(b'{"a": 1}' + b" " * 10_000)
        assert {await told(client) for client in clients} == {AGAIN}
        for client in clients:
            await client.close()
        await closing
        with pytest.raises(ConnectionRefusedError):
            await Client.to(port)

    at_door(work)


def test_while_nobody_accepts_each_is_told_and_then_a_replica_takes_over():
    async def work(door, port):
        door.turn_away()
        client = await Client.to(port)
        client.ask(b"{}")
        assert await told(client) == AGAIN
        await client.close()
        door.listen()
        later = await Client.to(port)
        accepted, _ = await asyncio.get_running_loop().sock_accept(door.listening)
        accepted.close()
        await later.close()
        await door.close()
        await door.close()  # a supervisor that ends closes all, what has ended already too

    at_door(work)


def test_who_never_shakes_hands_keeps_no_door_open(monkeypatch):
    monkeypatch.setattr(doors, "PATIENCE", 0.1)

    async def work(door, port):
        silent = await Client.to(port)
        await door.close()
        assert await silent.answer() is None
        await silent.close()

    at_door(work, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
