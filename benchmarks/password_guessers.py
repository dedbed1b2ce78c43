"""People who guess: `python -m benchmarks.password_guessers BASE_URL`.

After the order `{"at_once": 16}` on standard input, so many post wrong passwords at the same time,
each for another address every time, until the next order. It is a process, so that the cost of
asking is not measured as ours. After each order it prints how many were answered until then, and
how; it ends with its standard input.
"""

import asyncio
import contextlib
import json
import re
import secrets
import sys
from collections import Counter

import aiohttp
import uvloop

from benchmarks.subprocesses import say

CSRF = re.compile(r'name="csrf" value="([^"]+)"')


async def guess(session: aiohttp.ClientSession, csrf: str, seen: Counter[str]) -> None:
    """One wrong password after the other; every form is another one."""
    while True:
        fields = {
            "csrf": csrf,
            "key": secrets.token_urlsafe(32),
            "next": "",
            "address": f"{secrets.token_hex(8)}@example.fr",
            "password": "Trois-Chevaux-42",
        }
        async with session.post("/connexion", data=fields, allow_redirects=False) as answer:
            await answer.read()
            refused = answer.headers.get("Location", "").startswith("/connexion?saisie=")
            seen[str(answer.status) if refused else "not refused"] += 1


async def main(base_url: str) -> None:
    """Obey until standard input is closed."""
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    seen: Counter[str] = Counter()
    guessing: list[asyncio.Task[None]] = []
    async with aiohttp.ClientSession(
        base_url,
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        headers={"Origin": base_url},
    ) as session:
        async with session.get("/connexion") as answer:
            found = CSRF.search(await answer.text())
        assert found is not None
        say({"ready": True})
        while line := await orders.readline():
            for task in guessing:
                task.cancel()
            await asyncio.gather(*guessing, return_exceptions=True)
            say({"seen": seen})
            seen.clear()
            wanted = json.loads(line)["at_once"]
            guessing = [asyncio.create_task(guess(session, found[1], seen)) for _ in range(wanted)]


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        uvloop.run(main(sys.argv[1]))
