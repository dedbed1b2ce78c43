"""Posts to the addresses of partners: TLS, no redirect, ten seconds in all, no private network.

A host is resolved once for each attempt, and a connection goes to the addresses that were checked.
An answer's body is read up to a limit, so that the receiver can finish it, and never looked at.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from services.push.network_rules import Network, may_connect
from services.push.schedule import Outcome, classify

ATTEMPT_SECONDS = 10.0
MAX_ANSWER_BYTES = 65_536
#: Names being resolved at once: a system's resolver gives up after about three attempts' time.
RESOLVER_THREADS = 128
#: The parser takes any three digits, and HTTP has no status below this.
MIN_STATUS = 100
#: Why there is no answer, in the list of deliveries.
NOT_ALLOWED, NO_HOST, NO_TLS = "address not allowed", "host not found", "TLS failed"
NO_CONNECTION, NO_ANSWER, TIMEOUT = "no connection", "no valid answer", "no answer in time"


class _NotAllowed(Exception):
    """Every address of the host is in a network that is not to be connected to."""


class ReceiverClient:
    """Posts to public addresses and to `networks`."""

    def __init__(self, session: aiohttp.ClientSession, networks: Sequence[Network]) -> None:
        self._session = session
        self._networks = networks

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> Outcome:
        """What comes of one attempt; whatever the receiver does, no error."""
        status, retry_after = 0, ""
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                self._check_literal(url)
                # As it is written: it is signed.
                target = URL(url, encoded=True)
                async with self._session.post(
                    target, data=body, headers=headers, allow_redirects=False
                ) as answer:
                    status = answer.status
                    retry_after = answer.headers.get("Retry-After", "")
                    await answer.content.read(MAX_ANSWER_BYTES)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError, _NotAllowed) as error:
            # What a receiver does after its status changes nothing.
            if not status:
                return Outcome(kind="unavailable", reason=_reason(error))
        if status < MIN_STATUS:
            return Outcome(kind="unavailable", reason=NO_ANSWER)
        return classify(status, retry_after, now)

    def _check_literal(self, url: str) -> None:
        """An address in the place of a name is resolved by nobody."""
        with suppress(ValueError):
            address = ipaddress.ip_address(urlsplit(url).hostname or "")
            if not may_connect(address, self._networks):
                raise _NotAllowed


class _CheckedResolver(AbstractResolver):
    """The addresses of a host that may be connected to. Its threads are its own: those of the loop
    are few, and name servers that do not answer would hold them longer than an attempt takes."""

    def __init__(self, networks: Sequence[Network], threads: Executor) -> None:
        self._networks = networks
        self._threads = threads

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Refuses with _NotAllowed where there is none; OSError where the host is not known."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, socket.getaddrinfo, host, port, family, socket.SOCK_STREAM
        )
        allowed: list[ResolveResult] = [
            {
                "hostname": host,
                "host": str(address[0]),
                "port": port,
                "family": kind,
                "proto": proto,
                "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            }
            for kind, _, proto, _, address in found
            if may_connect(ipaddress.ip_address(address[0]), self._networks)
        ]
        if found and not allowed:
            raise _NotAllowed
        return allowed

    async def close(self) -> None:
        """There is nothing to close."""


@asynccontextmanager
async def open_client(
    networks: Sequence[Network], ca_file: Path | None, portal_url: str
) -> AsyncIterator[ReceiverClient]:
    """A client whose connections end with each attempt; `portal_url` identifies us."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    threads = ThreadPoolExecutor(RESOLVER_THREADS, "push-resolver")
    connector = aiohttp.TCPConnector(
        resolver=_CheckedResolver(networks, threads), use_dns_cache=False, force_close=True,
        limit=0, ssl=context,
    )  # fmt: skip
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": f"IMPEXWEB (+{portal_url})", "Accept-Encoding": "identity"},
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
    )
    try:
        async with session:
            yield ReceiverClient(session, networks)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _reason(error: Exception) -> str:
    match error:
        case _NotAllowed():
            return NOT_ALLOWED
        case TimeoutError():
            return TIMEOUT
        case aiohttp.ClientConnectorDNSError():
            return NO_HOST
        case aiohttp.ClientSSLError():
            return NO_TLS
        case aiohttp.ClientConnectionError() | OSError():
            return NO_CONNECTION
        case _:
            return NO_ANSWER
