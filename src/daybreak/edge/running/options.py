"""How a device serves."""

import msgspec


class Options(msgspec.Struct, frozen=True):
    """How a device serves.

    `trial`: seconds in which a new version has to do well before it is confirmed; `every`: seconds between questions for updates;
    `learn`: keep requests beside feedback, so that the last layer can be fitted to them.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    threads: int = 1
    trial: float = 30.0
    every: float = 300.0
    learn: bool = False
    page: bool = True
    certificate: str = ""
    key: str = ""
