"""Ways to tell people: a webhook (POST of JSON), a command (JSON on its standard input), e-mail. Tried a few times; never in the way."""

import logging
import smtplib
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import msgspec

from daybreak.serving.watch.alerts import Message
from daybreak.serving.watch.settings import Email, Watch

TRIES = (0.0, 2.0, 10.0)  # seconds before each
SECONDS = 10.0  # that one try may take

Failed = Callable[[str], None]

_log = logging.getLogger("daybreak.serving")


class Channels:
    """Sends in a thread of its own. `failed` hears, in that thread, of what could not be sent."""

    def __init__(self, failed: Failed, tries: tuple[float, ...] = TRIES) -> None:
        self._failed = failed
        self._tries = tries
        self._closing = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="alerts")

    def send(self, message: Message, watch: Watch) -> None:
        """Tell everybody."""
        ways: list[tuple[str, Callable[[Message], None]]] = [
            *((f"webhook {_host(url)}", lambda told, url=url: post(url, told)) for url in watch.webhooks),
            *((f"command {words.split()[0]}", lambda told, words=words: call(words, told)) for words in watch.commands),
        ]
        if watch.email is not None:
            email = watch.email
            ways.append((f"mail to {', '.join(email.to)}", lambda told: mail(email, told)))
        for name, way in ways:
            self._thread.submit(self._sent, name, way, message)

    def close(self, *, wait: bool = False) -> None:
        """Send no more; `wait` for what is on its way."""
        if not wait:
            self._closing.set()  # no try after the one that is on its way
        self._thread.shutdown(wait=wait, cancel_futures=not wait)

    def _sent(self, name: str, way: Callable[[Message], None], message: Message) -> None:
        why: Exception | None = None
        for pause in self._tries:
            if self._closing.wait(pause):
                break
            try:
                way(message)
            except (OSError, HTTPException, smtplib.SMTPException, subprocess.SubprocessError, ValueError) as error:
                why = error
            else:
                return
        self._failed(f"an alert could not be sent by {name}: {_told(why)}")


def encoded(message: Message) -> bytes:
    """The message as JSON, and beside its fields `text`, the whole in words, which is what chat services show."""
    return msgspec.json.encode({**msgspec.to_builtins(message), "text": f"{message.subject}\n{message.text}"})


def post(url: str, message: Message) -> None:
    """POST the message as JSON. Raises `OSError` where it is not taken, `ValueError` where `url` is none of http or https."""
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"a webhook is an http or https URL, got {url[:40]!r}")
    headers = {"content-type": "application/json", "user-agent": "daybreak"}
    request = Request(url, encoded(message), headers, method="POST")  # noqa: S310
    with urlopen(request, timeout=SECONDS):  # noqa: S310 (the scheme was looked at)
        pass


def call(words: str, message: Message) -> None:
    """Run a shell command of the deployment's owner with the message as a line of JSON on its standard input."""
    done = subprocess.run(  # noqa: S602 (the owner of the deployment wrote it, as a crontab)
        words, shell=True, input=encoded(message) + b"\n", timeout=SECONDS, capture_output=True, check=False
    )
    if done.returncode:
        raise OSError(f"it ended with status {done.returncode}: {done.stderr[-200:].decode(errors='replace').strip()}")


def mail(email: Email, message: Message) -> None:
    """Send a mail. Raises `OSError`, `SMTPException`."""
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = message.subject, email.sender, ", ".join(email.to)
    made.set_content(message.text)
    kind = smtplib.SMTP_SSL if email.security == "tls" else smtplib.SMTP
    with kind(email.host, email.port, timeout=SECONDS) as server:
        if email.security == "starttls":
            server.starttls()
        if email.user:
            server.login(email.user, Path(email.password_file).read_text(encoding="utf-8").strip())
        server.send_message(made)


def _host(url: str) -> str:
    """Of a URL what may be logged: its path is often the secret."""
    return url.partition("//")[2].partition("/")[0].rpartition("@")[2]


def _told(error: Exception | None) -> str:
    if error is None:
        return "the deployment was stopped"
    return str(error.reason) if isinstance(error, URLError) else f"{error}"
