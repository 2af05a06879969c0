"""HTTP/1.1 as clients speak it, well or badly: bytes go out on a real socket, answers come back."""

import asyncio
import socket
import threading

import msgspec
import pytest
from serving_doubling import FAILS, LIMITS, SLEEPS, Client, Doubling, replica, until

from daybreak.serving import predict
from daybreak.serving.deployment import Deployment, Limits, Served
from daybreak.serving.http import server as servers
from daybreak.serving.tables import decoded_csv
from daybreak.signature.fields import Field, Signature

pytestmark = pytest.mark.enable_socket
LONG = b"y" * 400_000


def run(work):
    return asyncio.run(asyncio.wait_for(work, 30))


def exchange(send, limits=LIMITS, **more):
    """The answer to some bytes."""

    async def work():
        async with replica(limits=limits, **more) as (_, _, port):
            client = await Client.to(port)
            client.send(send)
            return await client.answer()

    return run(work())


def request(body, *headers, line="POST /predict HTTP/1.1"):
    head = "\r\n".join([line, "host: localhost", f"content-length: {len(body)}", *headers])
    return head.encode() + b"\r\n\r\n" + body


async def asked(port, body, *headers, **more):
    client = await Client.to(port)
    client.ask(body, *headers, **more)
    answer = await client.answer()
    await client.close()
    return answer


def told(answer):
    return msgspec.json.decode(answer[2])


def test_a_row_is_answered_with_its_id_and_who_answered():
    async def work():
        async with replica() as (_, engine, port):
            status, headers, body = await asked(port, b'{"a": 21}')
            assert (status, headers["content-type"]) == (200, "application/json")
            found = msgspec.json.decode(body)
            assert engine.ids.read(found.pop("id")).version == 1
            assert found == {"model": "twice", "version": "1", "prediction": {"twice": 42}}

    run(work())


def test_requests_of_a_pipeline_share_a_batch_and_are_answered_in_order():
    async def work():
        async with replica(model := Doubling()) as (_, _, port):
            client = await Client.to(port)
            client.send(b"".join(request(b'{"a": %d}' % row) for row in range(20)))
            found = [told(await client.answer())["prediction"]["twice"] for _ in range(20)]
            assert found == [2 * row for row in range(20)]
            assert len(model.batches) < 20

    run(work())


def test_slow_and_quick_answers_of_a_pipeline_keep_their_order():
    async def work():
        async with replica() as (_, _, port):
            client = await Client.to(port)
            client.send(
                request(b"", line="GET /v2/health/live HTTP/1.1")
                + request(b'{"a": 1}')
                + request(b"", line="GET /nowhere HTTP/1.1")
                + request(b'{"a": "one"}')
                + request(b'{"a": 2}')
            )
            assert [(await client.answer())[0] for _ in range(5)] == [200, 200, 404, 400, 200]

    run(work())


def test_a_body_in_chunks_and_one_that_asks_before_it_is_sent():
    async def work():
        async with replica() as (_, _, port):
            client = await Client.to(port)
            client.send(b'POST /predict HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{"a"\r\n')
            client.send(b"4\r\n: 4}\r\n0\r\n\r\n")
            assert told(await client.answer())["prediction"] == {"twice": 8}
            client.send(
                b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 8\r\nexpect: 100-continue\r\n\r\n"
            )
            assert (await client.answer())[0] == 100
            client.send(b'{"a": 5}')
            assert told(await client.answer())["prediction"] == {"twice": 10}

    run(work())


def test_old_clients_are_hung_up_on_unless_they_ask_to_stay():
    async def work():
        async with replica() as (_, _, port):
            client = await Client.to(port)
            client.ask(b'{"a": 1}', "connection: keep-alive", version="1.0")
            assert (await client.answer())[1]["connection"] == "keep-alive"
            client.ask(b'{"a": 1}', version="1.0")
            assert (await client.answer())[1]["connection"] == "close"
            assert await client.answer() is None
            client = await Client.to(port)
            client.ask(b"", method="HEAD", path="/v2/health/live")
            assert (await client.answer(bodiless=True))[0] == 200
            client.ask(b'{"a": 1}', "connection: close")
            assert (await client.answer())[0] == 200
            assert await client.answer() is None

    run(work())


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "bad_request"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "bad_request"),
        (b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: many\r\n\r\n", 400, "bad_request"),
        (b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"y" * 70_000, 431, "head_too_large"),
        (request(b"", "x: " + "y" * 40_000), 431, "head_too_large"),
        (request(b'{"a": 1}', line="GET /predict HTTP/1.1"), 405, "wrong_method"),
        (request(b"a" * 2_000), 413, "body_too_large"),
        (b"POST /predict HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nfff\r\n" + b"a" * 4095, 413, "body_too_large"),
        (request(b'{"a": 1}', "x-deadline-ms: soon"), 400, "bad_request"),
        (request(b"{", "content-type: application/json"), 400, "bad_json"),
        (request(b"x", "content-type: application/pickle"), 415, "unknown_media"),
        (request(b"[]"), 400, "no_rows"),
        (request(b'[{"a": 1}, {"a": 2}, {"a": 3}]'), 413, "too_many_rows"),
        (request(b'{"a": %d}' % FAILS), 500, "model_failed"),
        (request(b"", line="GET /no/such/thing HTTP/1.1"), 404, "unknown_path"),
        (request(b"", line="POST http://localhost/no/such/thing?x=1 HTTP/1.1"), 404, "unknown_path"),
        (request(b'{"a": 1}', "host: localhost"), 400, "bad_request"),
        (b"POST /predict HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "unknown_coding"),
        (b"POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n1\r\n1\r\n0\r\nx: " + LONG, 431, "head_too_large"),
        (request(b'{"a": 1}', "origin: http://elsewhere.example"), 403, "foreign_origin"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_with_a_stable_code(sent, status, code):
    found = exchange(sent, Limits(body=1_000, rows=2))
    assert (found[0], told(found)["code"]) == (status, code)
    assert set(told(found)) <= {"error", "code", "where"}


def test_a_body_that_is_too_large_is_refused_before_it_is_sent_and_its_sender_can_read_why():
    async def work():
        async with replica(limits=Limits(body=1_000)) as (_, _, port):
            client = await Client.to(port)
            client.send(b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000000\r\n\r\n")
            for _ in range(200):
                client.send(b"0" * 50_000)
                await asyncio.sleep(0)
            assert (await client.answer())[0] == 413
            await client.close()
            assert (await asked(port, b'{"a": 1}'))[0] == 200

    run(work())


def test_who_would_rather_speak_another_protocol_is_answered_as_any_other():
    upgrade = ("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAEAAEAAAAIAAAABAAMAAABk")

    async def work():
        async with replica() as (_, _, port):
            client = await Client.to(port)
            health = request(b"", *upgrade, line="GET /v2/health/live HTTP/1.1")
            first = request(b'{"a": 1}', *upgrade)
            client.send(health + first[:-5])
            assert (await client.answer())[0] == 200
            client.send(first[-5:] + request(b'{"a": 2}', *upgrade) + request(b'{"a": 3}'))
            assert [told(await client.answer())["prediction"]["twice"] for _ in range(3)] == [2, 4, 6]
            head = "\r\n".join(["POST /predict HTTP/1.1", "host: localhost", "transfer-encoding: chunked", *upgrade])
            client.send(head.encode() + b'\r\n\r\n4\r\n{"a"\r\n4\r\n: 4}\r\n0\r\nx: y\r\n\r\n')
            assert told(await client.answer())["prediction"] == {"twice": 8}
            client.ask(b'{"a": 5}', "connection: close, Upgrade", "upgrade: h2c")
            assert [(await client.answer())[0], await client.answer()] == [200, None]

    run(work())


def test_many_bytes_of_a_pipeline_are_not_read_before_the_first_is_answered():
    async def work():
        async with replica(model := Doubling(seconds=0.01), Limits(body=100_000, batch=1)) as (server, engine, port):
            await asked(port, b'{"a": 1}')
            client = await Client.to(port)
            client.ask(b'{"a": %d}' % SLEEPS)
            await until(lambda: engine.champion.pending)
            (connection,) = [one for one in server.connections if one.pipeline]
            many = 40
            for row in range(many):
                client.ask(b'{"a": %d%s}' % (row, b" " * 60_000))
            await until(lambda: connection.paused)
            await asyncio.sleep(0)
            assert len(connection.pipeline) < 10
            model.wake.set()
            found = [told(await client.answer())["prediction"]["twice"] for _ in range(many + 1)]
            assert found[1:] == [2 * row for row in range(many)]

    run(work())


def test_large_bodies_that_wait_for_their_turn_are_counted_and_dropped_when_late():
    large = b'{"a": 1%s}' % (b" " * 70_000)

    async def work():
        async with replica(limits=Limits(queue=2, deadline=0.1)) as (_, engine, port):
            go = threading.Event()
            engine.aside(lambda: go.wait(20), lambda _: None)
            late = await Client.to(port)
            late.ask(large)
            await until(lambda: engine._bodies == 2)
            status, headers, body = await asked(port, large)
            assert (status, headers["retry-after"], msgspec.json.decode(body)["code"]) == (429, "1", "overloaded")
            begun = engine.now()
            await until(lambda: engine.now() > begun + 0.1)  # its deadline has passed
            go.set()
            assert (await late.answer())[0] == 504
            assert (await asked(port, large))[0] == 200

    run(work())


class Other(Doubling):
    """The same answer, from the second of two inputs."""

    signature = Signature((Field("b", "number", optional=True), *Doubling.signature.inputs), Doubling.signature.outputs)

    def predict(self, columns):
        return super().predict({"a": columns["a"]})


def test_rows_that_were_read_for_a_model_are_read_anew_for_the_next(monkeypatch):
    read, go = threading.Event(), threading.Event()

    def slowly(*asked):
        rows = decoded_csv(*asked)
        read.set()
        go.wait(20)
        return rows

    monkeypatch.setattr(predict, "decoded_csv", slowly)

    async def work():
        async with replica() as (_, engine, port):
            client = await Client.to(port)
            client.ask(b"a\n21%s\n" % (b" " * 70_000), "content-type: text/csv")
            await until(read.is_set)
            engine._load = lambda served, threads: Other()
            await engine.prepare(Deployment("twice", (Served("champion", "twice", 2, ""),), limits=LIMITS))
            engine.switch()
            go.set()
            found = told(await client.answer())
            assert (found["version"], found["predictions"]) == ("2", [{"twice": 42}])

    run(work())


def test_a_fault_of_ours_is_told_wherever_a_body_is_read(monkeypatch, caplog):
    monkeypatch.setattr(predict, "decoded_csv", lambda *_: 1 / 0)

    async def work():
        async with replica() as (_, _, port):
            for body in (b"a\n1\n", b"a\n" + b"1\n" * 50_000):
                found = await asked(port, body, "content-type: text/csv")
                assert (found[0], told(found)["code"]) == (500, "internal")

    run(work())
    assert "ZeroDivisionError" in caplog.text


def test_what_comes_behind_a_last_request_takes_nothing_from_it():
    async def work():
        async with replica() as (_, _, port):
            for body, status in ((b'{"a": 1}', 200), (b"{", 400)):
                client = await Client.to(port)
                client.send(request(body, "connection: close") + b"x")
                assert [(await client.answer())[0], await client.answer()] == [status, None]

    run(work())


def test_a_handler_that_fails_is_answered_for_once():
    async def work():
        async with replica() as (server, _, port):
            server.hot = {b"/predict": lambda _: 1 / 0}
            client = await Client.to(port)
            client.ask(b'{"a": 1}')
            status, _, body = await client.answer()
            assert (status, msgspec.json.decode(body)["code"]) == (500, "internal")
            assert await client.answer() is None

    run(work())


def test_trailers_and_small_chunks_cost_nothing_beyond_the_body():
    async def work():
        async with replica() as (_, _, port):
            client = await Client.to(port)
            client.send(b"POST /predict HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n")
            for one in b'{"a":' + b" " * 20_000 + b"6}":
                client.send(b"1\r\n%c\r\n" % one)
                await asyncio.sleep(0)
            client.send(b"0\r\nhost: elsewhere\r\n\r\n")
            assert told(await client.answer())["prediction"] == {"twice": 12}

    run(work())


def test_a_page_that_is_named_may_call_and_read():
    async def work():
        async with replica(origins=("https://shop.example",)) as (_, _, port):
            origin = "origin: https://shop.example"
            status, headers, _ = await asked(port, b"", origin, "access-control-request-method: POST", method="OPTIONS")
            assert (status, headers["access-control-allow-origin"]) == (204, "https://shop.example")
            assert "content-type" in headers["access-control-allow-headers"]
            status, headers, _ = await asked(port, b'{"a": 1}', origin)
            assert (status, headers["access-control-allow-origin"]) == (200, "https://shop.example")

    run(work())


def test_tensors_are_answered_alike_with_and_without_the_app():
    sent = msgspec.json.encode({"id": "q", "inputs": [{"name": "a", "datatype": "FP64", "shape": [2], "data": [1, 2]}]})
    path = "/v2/models/twice/infer"

    async def work():
        async with replica() as (server, _, port):
            found = []
            for _ in range(2):
                for body, headers in (
                    (sent, ()),
                    (sent.replace(b"FP64", b"TIME"), ()),
                    (b"{", ()),
                    (sent, ("x-deadline-ms: 5",)),
                ):
                    status, _, answer = await asked(port, body, *headers, path=path)
                    answer = msgspec.json.decode(answer)
                    answer.pop("parameters", None)
                    found.append((status, answer))
                server.hot.pop(path.encode(), None)
            assert found[:4] == found[4:]
            assert [status for status, _ in found[:4]] == [200, 400, 400, 200]
            assert found[0][1]["outputs"][0]["data"] == [2.0, 4.0]

    run(work())


def test_tables_are_answered_line_by_line():
    async def work():
        async with replica() as (_, _, port):
            found = told(await asked(port, b"a\r\n1\r\n2.5\r\n", "content-type: text/csv; charset=utf-8"))
            assert found["predictions"] == [{"twice": 2}, {"twice": 5}]
            status, _, body = await asked(port, b"a\n1\ntwo\n", "content-type: text/csv")
            assert (status, msgspec.json.decode(body)["where"]) == (400, "row 1, a")

    run(work())


def test_a_deadline_is_kept_and_others_do_not_wait_for_who_misses_it():
    async def work():
        async with replica(model := Doubling(seconds=0.01)) as (_, _, port):
            await asked(port, b'{"a": 1}')  # teaches that the model is slow
            status, _, body = await asked(port, b'{"a": %d}' % SLEEPS, "x-deadline-ms: 50")
            assert (status, msgspec.json.decode(body)["code"]) == (504, "deadline_exceeded")
            assert (await asked(port, b"", method="GET", path="/v2/health/live"))[0] == 200
            model.wake.set()
            assert (await asked(port, b'{"a": 2}'))[0] == 200

    run(work())


def test_a_client_that_leaves_takes_its_rows_out_of_the_queue():
    async def work():
        async with replica(model := Doubling(seconds=0.01)) as (server, engine, port):
            await asked(port, b'{"a": 1}')
            stuck = await Client.to(port)
            stuck.ask(b'{"a": %d}' % SLEEPS)
            await until(lambda: engine.champion.pending)
            gone = await Client.to(port)
            gone.ask(b'{"a": 7}')
            await until(lambda: engine.champion.pending == 2)
            await gone.close()
            await until(lambda: len(server.connections) == 1)
            model.wake.set()
            assert (await stuck.answer())[0] == 200
            assert (await asked(port, b'{"a": 8}'))[0] == 200
            assert [7.0] not in model.batches

    run(work())


def test_half_open_connections_cost_those_who_work_nothing():
    async def work():
        async with replica(limits=Limits(connections=50)) as (server, _, port):
            worker = await Client.to(port)
            worker.ask(b'{"a": 1}')
            assert (await worker.answer())[0] == 200
            for place in range(300):
                idler = await Client.to(port)
                idler.send(b"POST /predict HTTP/1.1\r\nhost: loc"[: place % 30])
            worker.ask(b'{"a": 2}')
            assert told(await worker.answer())["prediction"] == {"twice": 4}
            assert (await asked(port, b'{"a": 3}'))[0] == 200
            assert len(server.connections) <= 50

    run(work())


def test_who_sends_too_slowly_is_told_or_hung_up_on(monkeypatch):
    monkeypatch.setattr(servers, "SWEEP", 0.02)

    async def work():
        async with replica(limits=Limits(head=0.05)) as (_, _, port):
            silent, slow = await Client.to(port), await Client.to(port)
            slow.send(b"POST /predict HTTP/1.1\r\n")
            assert [(await slow.answer())[0], await slow.answer()] == [408, None]
            assert await silent.answer() is None

    run(work())


def test_bodies_of_all_together_have_at_most_so_many_bytes():
    async def work():
        async with replica(model := Doubling(seconds=0.01), limits=Limits(body=1_000, bodies=1_000)) as (
            server,
            engine,
            port,
        ):
            await asked(port, b'{"a": 1}')
            working = await Client.to(port)
            working.ask(b'{"a": %d}' % SLEEPS + b" " * 600)
            await until(lambda: engine.champion.pending)
            status, headers, body = await asked(port, b'{"a": 1}' + b" " * 600)
            assert (status, headers["retry-after"], msgspec.json.decode(body)["code"]) == (429, "1", "overloaded")
            parts = await Client.to(port)
            parts.send(b"POST /predict HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n")
            parts.send(b"258\r\n" + b" " * 600 + b"\r\n")
            assert (await parts.answer())[0] == 429
            gone = await Client.to(port)
            gone.send(b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 300\r\n\r\n" + b" " * 200)
            await until(lambda: server.held > 800)
            await gone.close()
            model.wake.set()
            assert (await working.answer())[0] == 200
            await until(lambda: server.held == 0)
            assert (await asked(port, b'{"a": 1}' + b" " * 600))[0] == 200

    run(work())


def test_one_body_that_is_allowed_is_never_more_than_may_wait():
    async def work():
        async with replica(limits=Limits(body=100_000, bodies=1_000)) as (_, _, port):
            assert (await asked(port, b'{"a": 1}' + b" " * 50_000))[0] == 200

    run(work())


def test_draining_answers_what_was_begun_hangs_up_and_takes_no_more():
    async def work():
        async with replica(model := Doubling(seconds=0.01)) as (server, engine, port):
            await asked(port, b'{"a": 1}')
            idle, working = await Client.to(port), await Client.to(port)
            working.ask(b'{"a": %d}' % SLEEPS)
            await until(lambda: engine.champion.pending)
            draining = asyncio.ensure_future(server.drain(20.0))
            assert await idle.answer() is None
            with pytest.raises(ConnectionError):
                await Client.to(port)
            model.wake.set()
            status, headers, _ = await working.answer()
            assert (status, headers["connection"]) == (200, "close")
            await draining

    run(work())


def test_who_waits_to_be_accepted_is_answered_though_it_drains():
    async def work():
        async with replica() as (server, _, port):
            clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(300)]  # more than one turn accepts
            draining = asyncio.ensure_future(server.drain(20.0))
            answers = []
            for client in clients:
                client.sendall(request(b'{"a": 1}'))
            for client in clients:
                client.setblocking(False)
                answers.append(await asyncio.get_running_loop().sock_recv(client, 12))
                client.close()
            assert set(answers) == {b"HTTP/1.1 200"}
            await draining

    run(work())


def test_who_asks_on_a_connection_that_was_served_is_answered_though_it_drains():
    async def work():
        async with replica() as (server, _, port):
            client = await Client.to(port)
            client.ask(b'{"a": 1}')
            assert (await client.answer())[0] == 200
            draining = asyncio.ensure_future(server.drain(20.0))
            await until(lambda: server.draining)
            await asyncio.sleep(0.01)
            client.ask(b'{"a": 1}')
            assert [(await client.answer())[0], await client.answer()] == [200, None]
            await draining

    run(work())


def test_who_has_just_connected_is_answered_though_it_drains():
    async def work():
        async with replica() as (server, _, port):
            client = await Client.to(port)
            await until(lambda: server.connections)
            draining = asyncio.ensure_future(server.drain(20.0))
            await until(lambda: server.draining)
            client.ask(b'{"a": 1}')
            assert [(await client.answer())[0], await client.answer()] == [200, None]
            await draining

    run(work())
