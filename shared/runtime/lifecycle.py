"""A running service: start, supervision of its background tasks, drain.

`supervise` guarantees that the process ends only after everything in progress has finished or the
deadline has passed, and that it never continues without one of its background tasks.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime

from shared.database import Pool, check_schema, open_pool, ping, read_migrations
from shared.errors import ConfigurationError, DependencyDown, ImpexError
from shared.messaging.rpc_server import RpcServer
from shared.messaging.service_bus import ServiceBus
from shared.runtime.cancellation import cancellation_requested, raise_if_cancelled
from shared.runtime.health import HealthPages
from shared.runtime.metrics import SERVICE, gauge
from shared.runtime.service import EXIT_FAILED, Runtime, Service, Work, utc_now
from shared.runtime.telemetry import get_logger, log_context
from shared.settings import ServiceSettings

#: Seconds between two pings of the database, for readiness only.
PING_SECONDS = 5
#: What closing the broker's side, then everything else, may each take past the deadline.
CLOSE_SECONDS = 3

READY = gauge("impex_ready", "Whether the service takes work: 1 or 0.", service=SERVICE)
CONNECTIONS = gauge(
    "impex_database_connections",
    "Connections of the service to the database: those it works with, and as many as it may have.",
    service=SERVICE,
    state=("used", "idle", "limit"),
)

log = get_logger("service")


class ServiceRunner:
    """One service of this process, from its start to the end of its drain; `clock` is its time.

    Runners of one process share `in_process`: see `ServiceBus`.
    """

    def __init__(
        self,
        service: Service,
        settings: ServiceSettings,
        clock: Callable[[], datetime] = utc_now,
        in_process: dict[str, RpcServer] | None = None,
    ) -> None:
        self.service = service
        self.settings = settings
        self._clock = clock
        self._in_process = in_process
        self.tasks: list[asyncio.Task[None]] = []
        self._runtime: Runtime | None = None
        self._bus: ServiceBus | None = None
        self._stack = AsyncExitStack()
        self._started = False
        self._draining = False
        self._database_up = False
        self.failure: BaseException | None = None
        READY.labels(service.name).set_function(lambda: float(all(self.checks().values())))

    def checks(self) -> Mapping[str, bool]:
        """What readiness depends on, each with its answer now."""
        return {
            "started": self._started and not self._draining,
            "database": self._database_up,
            "broker": self._bus is not None and self._bus.ready[0],
        }

    async def run(self, stop: asyncio.Event) -> bool:
        """Start, work until `stop`, drain. A failure sets `stop` itself and gives False.

        All in one task, so that what `build` enters it also leaves in the same context.
        """
        with log_context(service=self.service.name, host=self.settings.instance):
            stopping = asyncio.create_task(stop.wait(), name="stop")
            try:
                good = await self._start(stopping) and await _watch(
                    self.background_tasks(), stopping
                )
            finally:
                stopping.cancel()
                stop.set()
            log.info("Stopping.", action="service_stopping")
            now = asyncio.get_running_loop().time()
            return await self._drain(now + self.settings.drain_seconds) and good

    def background_tasks(self) -> list[asyncio.Task[None]]:
        """Everything that must go on until the drain: the service's tasks and the broker's."""
        return self.tasks + (self._bus.background_tasks() if self._bus is not None else [])

    async def _start(self, stopping: asyncio.Task[bool]) -> bool:
        """Whether the start went well, or was given up because of the signal."""
        loop = asyncio.get_running_loop()
        limit = asyncio.timeout(None)

        def give_up(_: object) -> None:
            limit.reschedule(loop.time())

        try:
            async with limit:
                stopping.add_done_callback(give_up)
                try:
                    await self._open()
                finally:
                    stopping.remove_done_callback(give_up)
        except (Exception, asyncio.CancelledError) as error:
            if limit.expired():
                return True
            if cancellation_requested():
                raise
            self.failure = error
            _log_failure(error)
            return False
        return True

    async def _open(self) -> None:
        """Open everything in order. Raises ImpexError with the reason, or what `build` raised."""
        await self._open_health()
        pool = await self._open_database()
        service = self.service
        node = self._bus = ServiceBus(
            name=service.name,
            amqp_url=self.settings.amqp_url,
            pool=pool,
            hears=service.hears,
            answers=service.answers,
            emits=service.emits,
            asks=service.asks,
            refused=service.refused,
            clock=self._clock,
            in_process=self._in_process,
        )
        runtime = self._runtime = Runtime(pool=pool, clock=self._clock, bus=node)
        deps = await self._stack.enter_async_context(service.build(runtime, self.settings))
        await node.start(deps, settings=self.settings, timeout=self.settings.start_seconds)
        self._start_task("database watch", lambda: self._watch_database(pool))
        for name, work in runtime.background_tasks:
            self._start_task(name, work)
        self._started = True
        log.info("The service is ready.", action="service_ready")

    async def _drain(self, deadline: float) -> bool:
        """Finish what has begun and close everything; False where the deadline cut something.

        `deadline` is a time of the loop's clock.
        """
        self._draining = True
        running = [task for task in self.tasks if not task.done()]
        clean = True
        # Where the start did not come to its end there is no work to finish, only things to close.
        callbacks = self._runtime.drain_callbacks if self._runtime and self._started else []
        for work in reversed(callbacks):
            clean &= await _completed("the service's own drain", work(), deadline)
        clean &= await _cancel_tasks(running, deadline)
        if self._bus is not None:
            clean &= await self._drain_bus(self._bus, deadline)
        clean &= await _completed("closing", self._stack.aclose(), deadline + 2 * CLOSE_SECONDS)
        log.info("The service has stopped.", action="service_stopped", clean=clean)
        return clean

    async def _open_health(self) -> None:
        port = self.settings.health_port
        if port == 0:
            return
        pages = HealthPages(self.checks)
        try:
            await pages.start(self.settings.health_host, port)
        except OSError as error:
            raise ImpexError(f"the health pages cannot listen on port {port}: {error}") from error
        self._stack.push_async_callback(pages.close)

    async def _open_database(self) -> Pool:
        name = self.service.name
        pool = await open_pool(
            self.settings.database_url,
            name,
            f"{name}@{self.settings.instance}",
            self.settings.database_pool,
            wait=self.settings.start_seconds,
        )
        self._stack.push_async_callback(_close_pool, pool)
        _show_connections(name, pool)
        await check_schema(pool, read_migrations(self.service.migration_dirs))
        self._database_up = True
        return pool

    def _start_task(self, name: str, work: Work) -> None:
        self.tasks.append(asyncio.create_task(work(), name=f"{self.service.name}: {name}"))

    async def _watch_database(self, pool: Pool) -> None:
        while True:
            raise_if_cancelled()
            try:
                await ping(pool)
                self._database_up = True
            except DependencyDown:
                self._database_up = False
            await asyncio.sleep(PING_SECONDS)

    async def _drain_bus(self, node: ServiceBus, deadline: float) -> bool:
        cut = 0

        async def work() -> None:
            nonlocal cut
            # A node that never came to work has nothing to wait for, only connections to close.
            left = deadline - asyncio.get_running_loop().time() if node.background_tasks() else 0.0
            cut = await node.drain(max(left, 0.0))

        clean = await _completed("the broker", work(), deadline + CLOSE_SECONDS)
        if cut:
            log.error("The deadline cut handlers short.", action="drain_cut", handlers=cut)
        return clean and not cut


async def supervise(runners: Sequence[ServiceRunner], stop: asyncio.Event) -> int:
    """Run all until `stop` or the failure of one; returns the exit code.

    A ConfigurationError of a start is raised again once everything is closed.
    """
    good = await asyncio.gather(*(one.run(stop) for one in runners))
    for one in runners:
        if isinstance(one.failure, ConfigurationError):
            raise one.failure
    return 0 if all(good) else EXIT_FAILED


async def _watch(tasks: list[asyncio.Task[None]], stopping: asyncio.Task[bool]) -> bool:
    """Wait for the stop, True, or for the first background task that ends, which is logged."""
    done, _ = await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
    dead = done - {stopping}
    for task in dead:
        # A lost heartbeat of the broker can look like a cancellation that nobody asked for.
        cut = asyncio.CancelledError("cancelled, but not by this process's own code")
        log.critical(
            "A background task has died; the process stops.",
            action="side_task_died",
            task=task.get_name(),
            exc_info=cut if task.cancelled() else task.exception(),
        )
    return not dead


def _log_failure(failure: BaseException) -> None:
    if isinstance(failure, ConfigurationError):
        return  # the caller prints these, one line each
    expected = isinstance(failure, ImpexError)
    log.critical(
        "The start failed.",
        action="start_failed",
        reason=str(failure) if expected else None,
        exc_info=None if expected else failure,
    )


async def _completed(what: str, work: Awaitable[object], deadline: float) -> bool:
    """Whether `work` ended well before `deadline`; otherwise it is cut and logged."""
    try:
        async with asyncio.timeout_at(deadline):
            await work
    except TimeoutError:
        log.error("The deadline cut something short.", action="drain_cut", what=what)
        return False
    except Exception:
        log.exception("A part of the drain failed.", action="drain_failed", what=what)
        return False
    return True


async def _cancel_tasks(tasks: Sequence[asyncio.Task[None]], deadline: float) -> bool:
    """Cancel those of `tasks` that still run, and wait for them; all ran when the drain began."""
    for task in tasks:
        task.cancel()
    if not tasks:
        return True
    timeout = max(0.0, deadline - asyncio.get_running_loop().time())
    ended, stubborn = await asyncio.wait(tasks, timeout=timeout)
    for task in stubborn:
        log.error("The deadline cut something short.", action="drain_cut", what=task.get_name())
    failed = [task for task in ended if not task.cancelled() and task.exception()]
    for task in failed:
        log.error(
            "A background task failed at its end.",
            action="drain_failed",
            what=task.get_name(),
            exc_info=task.exception(),
        )
    return not stubborn and not failed


def _show_connections(service: str, pool: Pool) -> None:
    """The pool is asked when the metrics page is."""
    counts = {
        "used": lambda: pool.get_size() - pool.get_idle_size(),
        "idle": pool.get_idle_size,
        "limit": pool.get_max_size,
    }
    for state, count in counts.items():
        CONNECTIONS.labels(service, state).set_function(count)


async def _close_pool(pool: Pool) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS - 1):
            await pool.close()
    except TimeoutError:
        pool.terminate()
