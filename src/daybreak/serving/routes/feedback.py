"""POST /feedback: what became of a request. Any replica takes it: the request's id proves that the deployment answered it.

It is answered with 202 when it is in the replica's segment of `events/`, where it outlives the replica.
"""

import logging
import time

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from daybreak.serving import feedback
from daybreak.serving.engine import Engine
from daybreak.serving.problems import refuse
from daybreak.serving.routes.reading import body_of

_log = logging.getLogger("daybreak.serving")


def routes(engine: Engine) -> list[BaseRoute]:
    """Of this face."""

    async def take(request: Request) -> Response:
        limits = engine.deployment.limits
        sent = feedback.read(await body_of(request, limits.body, ("application/json",)), limits.rows)
        at = time.time()
        events = [feedback.checked(one, engine.signature, engine.ids, at) for one in sent]
        for event in events:
            engine.events.add(event)
        try:
            engine.events.flush()
        except OSError as error:
            _log.exception("feedback could not be written")
            raise refuse("disk_full", "the feedback could not be written; send it again later") from error
        if engine.meter is not None:
            for event in events:
                engine.meter.feedback(event.kind)
        told = {"accepted": len(events), "kinds": sorted({event.kind for event in events})}
        return Response(msgspec.json.encode(told), 202, media_type="application/json")

    return [Route("/feedback", take, methods=["POST"])]
