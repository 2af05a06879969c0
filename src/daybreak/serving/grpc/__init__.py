"""The Open Inference Protocol over gRPC, where a deployment has a `grpc_port`."""

from pathlib import Path
from typing import TYPE_CHECKING

from daybreak.base.errors import UsageError
from daybreak.serving.deployment import Deployment
from daybreak.serving.engine import Engine

if TYPE_CHECKING:
    import grpc


async def attach(engine: Engine, replica: int) -> None:  # noqa: ARG001 (of all companions)
    """Listen, where it is wanted; replicas share the port (SO_REUSEPORT). Raises `UsageError`."""
    deployment = engine.deployment
    if deployment.grpc_port is None:
        return
    try:
        import grpc

        from daybreak.serving.grpc.service import Service
    except ImportError as error:
        raise UsageError(f"gRPC needs grpcio and protobuf ({error}): pip install 'daybreak[grpc]'") from error
    most = deployment.limits.body
    options = [
        ("grpc.max_receive_message_length", most),
        ("grpc.max_send_message_length", -1),
        ("grpc.so_reuseport", 1),
    ]
    server = grpc.aio.server(options=options)
    server.add_generic_rpc_handlers((Service(engine).handlers(),))
    address = f"{_bracketed(deployment.host)}:{deployment.grpc_port}"
    try:
        _listen(server, address, deployment)
    except RuntimeError as error:
        raise UsageError(f"gRPC cannot listen on {address}: is another program there? ({error})") from error
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
