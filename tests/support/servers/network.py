"""A network between a service and one of its servers that can be cut, frozen and repaired."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit


class Network:
    """Forwards to one server. `cut` drops every connection, `freeze` lets nothing through."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.connections = 0

    async def open(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def url(self, url: str) -> str:
        """`url`, by way of this network."""
        parts = urlsplit(url)
        login = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{self.port}"))

    def cut(self, *, refuse: bool = False) -> None:
        """Drop every connection; with `refuse`, new ones too until `repair`."""
        self._refusing = refuse
        for writer in list(self._writers):
            writer.transport.abort()

    def freeze(self) -> None:
        """Keep connections open but let no byte through."""
        self._flowing.clear()

    def repair(self) -> None:
        """Let everything through again."""
        self._refusing = False
        self._flowing.set()

    async def close(self) -> None:
        """Drop everything."""
        assert self._server is not None
        self._server.close()
        self.cut(refuse=True)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        self.connections += 1
        there_reader, there_writer = await asyncio.open_connection(*self._target)
        for source, sink in ((reader, there_writer), (there_reader, writer)):
            self._writers.add(sink)
            task = asyncio.create_task(self._forward(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forward(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            self._writers.discard(sink)
            sink.close()


@contextlib.asynccontextmanager
async def network(url: str) -> AsyncIterator[Network]:
    """A network to the server at `url`."""
    parts = urlsplit(url)
    made = Network(parts.hostname or "127.0.0.1", parts.port or 5672)
    await made.open()
    try:
        yield made
    finally:
        await made.close()
