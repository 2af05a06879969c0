"""A change of what is served, over all replicas: all load it beside what they serve, then all switch; or none does."""

import asyncio
import contextlib
from collections.abc import Sequence

from daybreak.serving.deployment import Deployment
from daybreak.serving.member import CannotLoad, Died, Member

RETURN = 60.0  # seconds in which a replica that died should be back


async def prepare(members: Sequence[Member], wanted: Deployment) -> list[Member]:
    """Have all that serve load it; those that have. One goes first: what takes its process down takes one, not all.

    Raises `CannotLoad`, and then all serve on what they did.
    """
    up = [member for member in members if member.ready.is_set()]
    if not up:
        raise CannotLoad("no replica is up to load it; it is tried again as soon as one is")
    first, *others = up
    try:
        await _prepare_first(first, wanted)
        loaded = await asyncio.gather(*(_prepare(member, wanted) for member in others))
    except CannotLoad:
        for member in up:
            member.discard()
        raise
    return [first, *(member for member, done in zip(others, loaded, strict=True) if done)]


async def switch(members: Sequence[Member]) -> None:
    """Have all serve what they loaded. One that dies starts again with it."""

    async def one(member: Member) -> None:
        with contextlib.suppress(Died):
            await member.switch()

    await asyncio.gather(*map(one, members))


async def catch_up(member: Member, serving: Deployment) -> None:
    """Have one that missed a change serve what the others do."""
    with contextlib.suppress(Died, CannotLoad):
        await member.prepare(serving)
        await member.switch()


async def _prepare_first(member: Member, wanted: Deployment) -> None:
    """A process that dies at it once may have been killed by anybody; twice, it is the model."""
    with contextlib.suppress(Died):
        return await member.prepare(wanted)
    try:
        await asyncio.wait_for(member.ready.wait(), RETURN)
        await member.prepare(wanted)
    except (Died, TimeoutError) as error:
        raise CannotLoad(f"the process that loads it dies: {member.died_of}") from error


async def _prepare(member: Member, wanted: Deployment) -> bool:
    """Whether it has it; one that dies meanwhile catches up later."""
    try:
        await member.prepare(wanted)
    except Died:
        return False
    return True
