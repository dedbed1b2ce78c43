"""The measured service: one event and one request, of the size ours have.

It is provisioned like any other service, in the private servers of a run, and never started
as a process: the harness uses its rights and its tables.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shared.contracts.base import Event, Reply, Request, event, request
from shared.messaging import Context, RequestContext, answers, hears
from shared.runtime.service import Runtime, Service
from shared.settings import CommonSettings

OWNER = "bench"


@event(OWNER)
class Noted(Event, frozen=True, kw_only=True):
    """An event with about 600 bytes of content, like one with two sealed secrets."""

    note: str


class Heard(Reply, frozen=True, kw_only=True):
    """The note again."""

    note: str


@request(OWNER, Heard, changes=False)
class Echo(Request, frozen=True, kw_only=True):
    """Answered with the same note; touches no table."""

    note: str


async def _answer(request: Echo, _context: RequestContext[None]) -> Heard:
    return Heard(note=request.note)


async def _ignore(_event: Noted, _context: Context[None]) -> None:
    """The measuring puts its own handler here."""


@asynccontextmanager
async def _build(_house: Runtime, _settings: object) -> AsyncIterator[None]:
    yield None


#: As provisioning sees it: rights on the broker and tables in its own schema.
SERVICE = Service(
    name=OWNER,
    settings=CommonSettings,
    build=_build,
    migrations=Path(__file__).parent / "migrations",
    hears=(hears(Noted, _ignore),),
    answers=(answers(Echo, _answer),),
    emits=(Noted,),
    asks=(Echo,),
)
