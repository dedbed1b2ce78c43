"""A process supervisor for tests: each service in its own process, restarted when it ends.

`ProcessSupervisor.supervise` starts the services, watches them and replaces one that ended, as a
process manager would. `kill` is SIGKILL, `pause` SIGSTOP. It restarts nothing while it is being
closed.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.support import eventually
from tests.support.servers.system import Spawned, System


class ProcessSupervisor:
    """The processes of all services; `starts` counts how often each service was started."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._processes: dict[str, Spawned] = {}
        self.starts: dict[str, int] = {}

    def _start(self, name: str) -> None:
        self._processes[name] = self._system.spawn(name)
        self.starts[name] = self.starts.get(name, 0) + 1

    async def _watch(self) -> None:
        while True:
            for name, one in self._processes.items():
                if one.process.poll() is not None:
                    self._start(name)
            await asyncio.sleep(0.1)

    async def ready(self, seconds: float = 120) -> None:
        """Wait until every service is ready, however often it was restarted."""

        def asked(one: Spawned) -> bool:
            with suppress(RuntimeError):  # it ended; its replacement is starting
                return one.ready()
            return False

        async def all_ready() -> bool:
            waiting = [asyncio.to_thread(asked, one) for one in self._processes.values()]
            return all(await asyncio.gather(*waiting))

        await eventually(all_ready, seconds, every=0.1, why="every service is ready")

    def health_urls(self) -> dict[str, str]:
        """Where each service says whether it is ready."""
        return {name: one.health_url for name, one in self._processes.items()}

    def logs(self) -> dict[str, Path]:
        """What each service has logged since it was last started."""
        return {name: one.log for name, one in self._processes.items()}

    def kill(self, name: str) -> None:
        """`kill -9`: nothing is finished, nothing is published."""
        self._processes[name].kill()

    def pause(self, name: str) -> None:
        """Suspend it until it is killed."""
        self._processes[name].process.send_signal(signal.SIGSTOP)

    @asynccontextmanager
    async def supervise(self, names: Iterable[str]) -> AsyncIterator[None]:
        """Keep the services running for as long as this lasts."""
        for name in names:
            self._start(name)
        watch = asyncio.create_task(self._watch())
        try:
            await self.ready()
            yield
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
            await asyncio.to_thread(self._system.close)
