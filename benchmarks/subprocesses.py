"""Processes next to the harness: the mail sink, the baselines' peer, the bare interpreter.

Each one is a module of this package that prints JSON lines and ends when its standard input is
closed, so none outlives the harness, however that ends. Nothing else is started or ended here.
"""

import asyncio
import contextlib
import json
import sys
from typing import Any


class Subprocess:
    """One running module; `first` is its first line, the later ones go to `lines`."""

    def __init__(self, process: asyncio.subprocess.Process, first: dict[str, Any]) -> None:
        self.process = process
        self.first = first
        self.lines: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, module: str, *arguments: str, ready_seconds: float = 30) -> "Subprocess":
        """Start `python -m benchmarks.<module>`; RuntimeError if it prints nothing in time."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"benchmarks.{module}",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        with contextlib.suppress(TimeoutError):
            line = await asyncio.wait_for(process.stdout.readline(), ready_seconds)
            if line:
                return cls(process, json.loads(line))
        if process.returncode is None:
            process.kill()
        await process.wait()
        raise RuntimeError(f"benchmarks.{module} did not start")

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.lines.put_nowait(json.loads(line))

    async def send(self, line: dict[str, Any]) -> None:
        """Write one JSON line to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(line).encode() + b"\n")
        await self.process.stdin.drain()

    async def stop(self) -> None:
        """Close its input and wait for its end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), 10)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        await self._reading


async def input_ended() -> None:
    """Wait, in a companion, until the harness closes standard input or is gone."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    await reader.read()


def say(line: dict[str, Any]) -> None:
    """Print one line to the harness."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
