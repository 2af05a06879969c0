"""The Open Inference Protocol over gRPC, where a deployment has a `grpc_port`."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from daybreak.base.errors import UsageError
from daybreak.serving.deployment import Deployment
from daybreak.serving.sockets import reserve

if TYPE_CHECKING:
    import grpc

    from daybreak.serving.engine import Engine


NEEDED = ("grpc", "google.protobuf")
BEYOND = 4  # times the queue: so many calls at once are refused by us, with a code; more by the library, without


def check(deployment: Deployment) -> None:
    """Raises `UsageError` where gRPC is wanted and cannot be had."""
    port = deployment.grpc_port
    if port is None:
        return
    missing = [name for name in NEEDED if find_spec(name.partition(".")[0]) is None]
    if missing:
        raise UsageError(f"gRPC needs {' and '.join(missing)}: pip install 'daybreak[grpc]'")
    if not 0 < port < 2**16 or port == deployment.port:
        raise UsageError(f"--grpc-port is 1 to 65535 and another one than --port ({deployment.port}), got {port}")
    try:
        reserve(deployment.host, port).close()
    except UsageError as error:
        raise UsageError(
            f"gRPC cannot listen: port {port} of {deployment.host} is in use; choose another one by --grpc-port"
        ) from error


async def attach(engine: "Engine", replica: int) -> None:  # noqa: ARG001 (of all companions)
    """Listen, where it is wanted; replicas share the port (SO_REUSEPORT)."""
    deployment = engine.deployment
    if deployment.grpc_port is None:
        return
    import grpc

    from daybreak.serving.grpc.service import Gate, Service

    most = deployment.limits.body
    options = [
        ("grpc.max_receive_message_length", most),
        ("grpc.max_send_message_length", -1),
        ("grpc.so_reuseport", 1),
    ]
    service, calls = Service(engine), BEYOND * deployment.limits.queue
    server = grpc.aio.server(interceptors=(Gate(service),), options=options, maximum_concurrent_rpcs=calls)
    server.add_generic_rpc_handlers((service.handlers(),))
    _listen(server, f"{_bracketed(deployment.host)}:{deployment.grpc_port}", deployment)
    await server.start()
    engine.closers.append(server.stop)


def _listen(server: "grpc.aio.Server", address: str, deployment: Deployment) -> None:
    import grpc

    if not deployment.certificate:
        server.add_insecure_port(address)
        return
    certificate = Path(deployment.certificate).read_bytes()
    key = Path(deployment.key or deployment.certificate).read_bytes()
    server.add_secure_port(address, grpc.ssl_server_credentials([(key, certificate)]))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
