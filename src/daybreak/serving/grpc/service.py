"""GRPCInferenceService of the Open Inference Protocol, on the loop of a replica.

Handlers of `grpc.aio` by method name; the token travels in the metadata `authorization`, and a refusal's code in the trailing metadata
`code`, beside the status that `serving.problems` has for it.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from time import monotonic
from typing import Any

import grpc

from daybreak.serving.engine import Engine
from daybreak.serving.grpc import tensors
from daybreak.serving.grpc.messages import METHODS, SERVICE, message
from daybreak.serving.guard import Guard, guard_of
from daybreak.serving.problems import PROBLEMS, refuse
from daybreak.serving.refusals import Refusal
from daybreak.serving.tokens import Scope
from daybreak.serving.v2 import metadata
from daybreak.serving.v2.infer import arm_of, aside, infer

SCOPES: dict[str, Scope | None] = {"ServerLive": None, "ServerReady": None, "ModelInfer": "predict"}  # others: read
FACE = b"/grpc"  # as `serving.meters` counts it

_log = logging.getLogger("daybreak.serving")

Metadata = Iterable[tuple[str, str | bytes]]
Answer = Callable[[Any, grpc.aio.ServicerContext], Awaitable[Any]]


class Service:
    """Answers each method."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._guarding: tuple[int, Guard] | None = None
        self._calls = 0  # that are being answered

    def handlers(self) -> grpc.GenericRpcHandler:
        """What a server is given."""
        methods = {
            name: grpc.unary_unary_rpc_method_handler(
                self._answering(name),
                request_deserializer=message(f"{name}Request").FromString,
                response_serializer=message(f"{name}Response").SerializeToString,
            )
            for name in METHODS
        }
        return grpc.method_handlers_generic_handler(SERVICE, methods)

    def _answering(self, name: str) -> Callable[[Any, grpc.aio.ServicerContext], Awaitable[Any]]:
        answer: Answer = getattr(self, f"_{name}")

        async def behave(request: Any, context: grpc.aio.ServicerContext) -> Any:
            began, status = monotonic(), 500
            self._calls += 1
            try:
                self._check_room(1)
                answered = await answer(request, context)
            except Refusal as refusal:
                status = refusal.status
                await _abort(context, refusal)
            except Exception:  # noqa: BLE001 (whatever it is, no internals)
                _log.exception("a gRPC method failed", extra={"method": name})
                context.set_trailing_metadata((("code", "internal"),))
                await context.abort(grpc.StatusCode.INTERNAL, "the server failed on this request; its log says why")
            else:
                status = 200
                return answered
            finally:
                self._calls -= 1
                self._tell(name, context, status, monotonic() - began)

        return behave

    def _tell(self, name: str, context: grpc.aio.ServicerContext, status: int, seconds: float) -> None:
        """Count and trace one call; `status`: as HTTP has it."""
        if self._engine.meter is not None:
            self._engine.meter.request(FACE, status, seconds)
        if self._engine.tracing is not None:
            self._engine.tracing.request(_headers(context), "POST", f"/{SERVICE}/{name}", status, seconds)

    def admit(self, name: str, told: Metadata | None) -> None:
        """Let a call pass, by what was sent beside its message. Raises `Refusal`."""
        self._check_room(0)
        deployment = self._engine.deployment
        if self._guarding is None or self._guarding[0] != deployment.generation:
            self._guarding = deployment.generation, guard_of(self._engine.folder, deployment)
        self._guarding[1].admit_call(SCOPES.get(name, "read"), _text(_as_headers(told).get(b"authorization")))

    def _check_room(self, own: int) -> None:
        """Raises `Refusal` where as many calls are answered as may be. `own`: counts already."""
        most = self._engine.deployment.limits.queue
        if self._calls - own >= most:
            raise refuse("overloaded", f"{most} calls are being answered, no more are taken; come back later")

    def refusing(self, name: str, refusal: Refusal) -> grpc.RpcMethodHandler:
        """Answers a call with a refusal, and reads none of its message: it takes a stream, of which it asks for nothing."""

        async def refuse(_: Any, context: grpc.aio.ServicerContext) -> None:
            self._tell(name, context, refusal.status, 0.0)
            await _abort(context, refusal)

        return grpc.stream_unary_rpc_method_handler(refuse)

    async def _ServerLive(self, _: Any, __: grpc.aio.ServicerContext) -> Any:  # noqa: N802 (the protocol's names)
        return message("ServerLiveResponse")(live=True)

    async def _ServerReady(self, _: Any, __: grpc.aio.ServicerContext) -> Any:  # noqa: N802
        return message("ServerReadyResponse")(ready=self._engine.ready)

    async def _ModelReady(self, request: Any, _: grpc.aio.ServicerContext) -> Any:  # noqa: N802
        arm_of(self._engine, request.name, request.version)
        return message("ModelReadyResponse")(ready=self._engine.ready)

    async def _ServerMetadata(self, _: Any, __: grpc.aio.ServicerContext) -> Any:  # noqa: N802
        name, version, extensions = metadata.server()
        return message("ServerMetadataResponse")(name=name, version=version, extensions=extensions)

    async def _ModelMetadata(self, request: Any, _: grpc.aio.ServicerContext) -> Any:  # noqa: N802
        arm, versions, inputs, outputs = metadata.model(self._engine, request.name, request.version)
        response = message("ModelMetadataResponse")(
            name=arm.served.model, versions=versions, platform=metadata.platform(arm)
        )
        for told, described in ((response.inputs, inputs), (response.outputs, outputs)):
            for one in described:
                told.add(name=one.name, datatype=one.datatype, shape=one.shape)
        return response

    async def _ModelInfer(self, request: Any, context: grpc.aio.ServicerContext) -> Any:  # noqa: N802
        arm = arm_of(self._engine, request.model_name, request.model_version)
        size, unit = request.ByteSize(), self._engine.unit_of(_headers(context), ())
        asked = await aside(size, lambda: tensors.read(request))
        answered = await infer(self._engine, asked, arm, route="grpc", size=size, unit=unit)
        return await aside(size, lambda: tensors.write(asked, answered))


class Gate(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Looks at a call's token before its message is received and parsed."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        """See `grpc.aio.ServerInterceptor`."""
        name = handler_call_details.method.rpartition("/")[2]
        try:
            self._service.admit(name, handler_call_details.invocation_metadata)
        except Refusal as refusal:
            return self._service.refusing(name if name in METHODS else "unknown", refusal)
        return await continuation(handler_call_details)


async def _abort(context: grpc.aio.ServicerContext, refusal: Refusal) -> None:
    context.set_trailing_metadata((("code", refusal.code),))
    await context.abort(grpc.StatusCode[PROBLEMS[refusal.code].grpc], str(refusal))


def _headers(context: grpc.aio.ServicerContext) -> dict[bytes, bytes]:
    """What a client sent beside its message, as headers of HTTP."""
    return _as_headers(context.invocation_metadata())


def _as_headers(told: Metadata | None) -> dict[bytes, bytes]:
    return {key.encode(): value.encode() if isinstance(value, str) else value for key, value in told or ()}


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
