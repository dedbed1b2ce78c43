"""The desk in the test's loop on real servers, with a database and virtual host of its own."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from operations.local.processes import free_port
from tests.support.actors.http_browser import HttpBrowser
from tests.support.clock import Clock
from tests.support.servers.system import System

#: What an agent needs for a sign-in, besides the desk.
SERVICES = ("support", "mfa")


@dataclass
class Desk:
    """A running desk."""

    system: System
    base: str
    browsers: list[HttpBrowser] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)

    def browser(self, language: str = "fr") -> HttpBrowser:
        """A fresh browser."""
        self.browsers.append(HttpBrowser(self.base, language))
        return self.browsers[-1]


def desk_settings(port: int) -> Mapping[str, str]:
    """The desk on a given port."""
    return {"IMPEX_DESK_PORT": str(port), "IMPEX_DESK_BASE_URL": f"http://127.0.0.1:{port}"}


@asynccontextmanager
async def running_desk(
    system: System, *names: str, clock: Clock | None = None, **settings: str
) -> AsyncIterator[Desk]:
    """The desk on a port of its own, with the services `names`, by a clock that the test moves."""
    port, clock = free_port(), clock or Clock()
    async with system.run(*names, "desk", clock=clock, **{**desk_settings(port), **settings}):
        desk = Desk(system, f"http://127.0.0.1:{port}", clock=clock)
        yield desk
        await asyncio.gather(*(one.close() for one in desk.browsers))
