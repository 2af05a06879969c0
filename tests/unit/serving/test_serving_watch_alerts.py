"""Who is told, how often, and by which way."""

import json
import socketserver
import threading
from contextlib import contextmanager

import pytest

from daybreak.base.errors import UsageError
from daybreak.monitoring.drift import Finding, Verdict
from daybreak.monitoring.policy import Policy
from daybreak.serving.watch import settings
from daybreak.serving.watch.alerts import Message, Told, news
from daybreak.serving.watch.channels import Channels, call, mail, post
from daybreak.serving.watch.closed import Closed
from daybreak.serving.watch.settings import Email, Watch

WATCH = Watch(quiet=100.0, again=1000.0)
MESSAGE = Message("shop", "champion", "digits", 3, "began", "x differs", 5.0, 1.0, 2.0, 600, {"input x": "mean 2, 1"})


def window(*columns, standing=None):
    tests = tuple(
        Finding("input", name, "", "psi", 0.5, 0.1, 0.05, 0.0, 600, alarm=True, says="moved") for name in columns
    )
    return Closed(
        "champion", "digits", 3, "", 0.0, 1.0, Verdict(600, standing or ("drift" if columns else "ok"), "", tests)
    )


def test_people_are_told_at_the_beginning_when_more_comes_now_and_then_and_at_the_end():
    told, heard = None, []
    for at, seen in (
        (0, window()),
        (10, window("x")),
        (50, window("x", "y")),  # too soon after the last
        (200, window("x", "y")),
        (400, window("y")),
        (500, window(standing="too few rows")),  # says nothing
        (1300, window("y")),
        (1400, window()),
        (1500, window()),
    ):
        what, told = news(told, seen, WATCH, float(at))
        heard.append((at, what))
    assert heard == [
        (0, None),
        (10, "began"),
        (50, None),
        (200, "more"),
        (400, None),
        (500, None),
        (1300, "lasts"),
        (1400, "recovered"),
        (1500, None),
    ]


def test_what_people_know_outlives_small_windows():
    known = Told(0.0, 0.0, ("input x",))
    assert news(known, window(standing="too few rows"), WATCH, 5.0) == (None, known)


def test_a_command_gets_the_message_on_its_standard_input(tmp_path):
    call(f"cat > {tmp_path}/told.json", MESSAGE)
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["alarms"] == {"input x": "mean 2, 1"}
    assert "- input x: mean 2, 1" in told["text"]


def test_what_cannot_be_sent_is_tried_again_and_then_told(tmp_path):
    failed = []
    channels = Channels(failed.append, tries=(0.0, 0.0, 0.0))
    channels.send(MESSAGE, Watch(commands=(f"echo no >> {tmp_path}/tries; echo broken >&2; exit 3",)))
    channels.close(wait=True)
    assert (tmp_path / "tries").read_text().split() == ["no"] * 3
    assert failed == ["an alert could not be sent by command echo: it ended with status 3: broken"]


@pytest.mark.enable_socket
def test_a_webhook_that_is_not_there_is_told_without_its_secret_path():
    failed = []
    channels = Channels(failed.append, tries=(0.0,))
    channels.send(MESSAGE, Watch(webhooks=("http://127.0.0.1:9/secret", "file:///etc/passwd")))
    channels.close(wait=True)
    assert "127.0.0.1:9: [Errno 111]" in failed[0]
    assert "secret" not in failed[0]
    assert "a webhook is an http or https URL" in failed[1]


def test_post_takes_no_other_scheme():
    with pytest.raises(ValueError, match="http or https"):
        post("ftp://x", MESSAGE)


@contextmanager
def mailbox():
    """A mail server that takes one mail: its port, and the lines that came."""
    lines = []

    class Post(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 ready\r\n")
            data = False
            for line in self.rfile:
                text = line.decode().strip()
                lines.append(text)
                word = text.lower()
                if data and text != ".":
                    continue
                data = word == "data"
                self.wfile.write({"data": b"354 go\r\n", "quit": b"221 bye\r\n"}.get(word, b"250 ok\r\n"))
                if word == "quit":
                    return

    with socketserver.TCPServer(("127.0.0.1", 0), Post) as server:
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        yield server.server_address[1], lines
        thread.join(10)


@pytest.mark.enable_socket
def test_mail_says_what_changed():
    with mailbox() as (port, lines):
        mail(Email(("ops@example.org", "me@example.org"), "shop@example.org", "127.0.0.1", port), MESSAGE)
    assert "Subject: [daybreak] shop: digits 3 (champion): something changed" in lines
    assert "To: ops@example.org, me@example.org" in lines
    assert "- input x: mean 2, 1" in lines


def test_settings_come_back_from_the_record_and_defaults_are_not_written():
    watch = Watch(Policy(psi=0.2), every=60.0, webhooks=("http://x",), email=Email(("a@b",)))
    assert settings.read(settings.told(watch)) == watch
    assert settings.told(Watch()) == {}
    assert settings.told(watch)["policy"] == {"psi": 0.2}


@pytest.mark.parametrize(
    ("watch", "says"),
    [
        (Watch(Policy(level=2.0)), "a probability between 0 and 1, got 2"),
        (Watch(Policy(rows=10)), "at least 100 rows"),
        (Watch(every=-1.0), "at least 0"),
        (Watch(webhooks=("x",)), "an http or https URL, got 'x'"),
    ],
)
def test_settings_that_cannot_be_are_refused(watch, says):
    with pytest.raises(UsageError, match=says):
        settings.checked(watch)
