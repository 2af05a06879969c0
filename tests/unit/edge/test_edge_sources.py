"""Updates are offered by a folder or a URL: the newest that a device does not have, each once."""

import http.server
import socketserver
import threading

import pytest
from edge_packages import seal

from daybreak.base.errors import DamagedBundle, NotFound, UsageError
from daybreak.edge import sources
from daybreak.edge.device.state import Installed, State
from daybreak.edge.sources import source

HAS_2 = State("small", 2, Installed("d", 2, 2))


@pytest.fixture
def versions(bundle, package):
    """Makes bundles of these versions."""

    def make(*numbers):
        for number in numbers:
            seal(package, number)
            bundle(f"v{number}.dbk")

    return make


def test_a_folder_offers_its_newest_once(versions, tmp_path):
    versions(1, 2, 3, 4)
    offers = source(str(tmp_path), tmp_path)
    assert offers.offered(HAS_2).name == "v4.dbk"
    assert offers.offered(HAS_2).name == "v3.dbk", "the newest may have been refused"
    assert offers.offered(HAS_2) is None
    versions(5)
    assert offers.offered(HAS_2).name == "v5.dbk"


def test_what_is_no_bundle_or_another_models_is_passed_over_until_it_changes(versions, tmp_path):
    versions(3)
    whole = (tmp_path / "v3.dbk").read_bytes()
    (tmp_path / "v3.dbk").write_bytes(whole[:-700])
    offers = source(str(tmp_path), tmp_path)
    assert offers.offered(HAS_2) is None
    (tmp_path / "v3.dbk").write_bytes(whole)
    assert offers.offered(State("large")) is None
    assert source(str(tmp_path), tmp_path).offered(HAS_2).name == "v3.dbk"
    with pytest.raises(NotFound, match="folder of updates is not there"):
        source(str(tmp_path / "none"), tmp_path).offered(HAS_2)


@pytest.mark.enable_socket
def test_a_url_is_asked_again_and_fetched_when_it_changed(versions, tmp_path):
    versions(3)
    asked = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = (tmp_path / "v3.dbk").read_bytes()
            tag = f'"{len(body)}"'
            asked.append(self.headers.get("If-None-Match"))
            if self.path != "/small.dbk":
                self.send_error(404)
            elif asked[-1] == tag:
                self.send_response(304)
                self.end_headers()
            else:
                self.send_response(200)
                self.send_header("ETag", tag)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        offers = source(f"{address}small.dbk", tmp_path)
        found = offers.offered(HAS_2)
        assert found.read_bytes() == (tmp_path / "v3.dbk").read_bytes()
        assert offers.offered(HAS_2) is None
        assert asked[0] is None
        assert asked[1] == f'"{found.stat().st_size}"'
        assert source(f"{address}small.dbk", tmp_path).offered(State("small", 3, Installed("e", 3, 3))) is None
        with pytest.raises(NotFound, match="gives no update: 404"):
            source(f"{address}other", tmp_path).offered(HAS_2)
        server.shutdown()
    with pytest.raises(NotFound, match="gives no update"):
        offers.offered(HAS_2)


@pytest.mark.enable_socket
def test_a_url_that_gives_more_than_there_is_room_for_is_left(tmp_path, monkeypatch):
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(bytes(5000))

        def log_message(self, *_):
            pass

    monkeypatch.setattr(sources, "LARGEST", 1000)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(DamagedBundle, match="more bytes than the 1,000"):
            source(f"http://127.0.0.1:{server.server_port}/x", tmp_path).offered(HAS_2)
        server.shutdown()


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: abc\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\ncut",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno number\r\n",
    ],
)
def test_whoever_speaks_no_http_gives_no_update(tmp_path, answer):
    class Answer(socketserver.StreamRequestHandler):
        def handle(self):
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(NotFound, match="gives no update"):
            source(f"http://127.0.0.1:{server.server_address[1]}/x", tmp_path).offered(HAS_2)


def test_a_link_to_nowhere_keeps_no_other_bundle_back(versions, tmp_path):
    (tmp_path / "v0.dbk").symlink_to(tmp_path / "gone")
    (tmp_path / "v9.dbk").mkdir()
    versions(3)
    assert source(str(tmp_path), tmp_path).offered(HAS_2).name == "v3.dbk"


def test_other_schemes_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"a folder, or from a http.s. URL"):
        source("ftp://there/x.dbk", tmp_path)
