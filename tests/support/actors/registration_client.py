"""Sends requests to registration over the broker, as the gateway, and reads its tables."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from services.registration import mailed_link_store
from services.registration.accounts import MailedLink
from services.registration.handlers.mailed_links import PASSWORD as RESET
from shared.contracts.base import REQUESTS, Request, Sealed
from shared.contracts.registration.events import OWNER
from shared.contracts.registration.requests import RequestAccount, SignIn
from shared.database import Pool, open_pool, transaction
from shared.database.rows import insert
from shared.messaging.errors import RequestTimeout
from shared.messaging.service_bus import ServiceBus
from shared.runtime.service import utc_now
from shared.security.password_hashing import Cost, Hasher
from shared.security.seal_keys import SealRing
from shared.security.sealing import KeyRing, Sealer, keyed_hash, new_token, seal_context
from tests.support import eventually
from tests.support.harness.registration import NETWORK, OTHER_PASSWORD, PASSWORD
from tests.support.servers.services import principals, services
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System

LIFE = timedelta(hours=1)


@dataclass
class RegistrationClient:
    """Sends requests to registration as the gateway, and reads its tables."""

    system: System
    node: ServiceBus
    pool: Pool
    sealer: Sealer

    async def wait(self) -> None:
        """Wait until the connection is up."""
        await eventually(lambda: self.node.ready[0], why="the gateway's line is up")

    async def ask(self, request: Any, key: str | None = None) -> Any:
        """The reply, or `Refused`; repeated on a slow machine, with the effect of one request."""
        for _ in range(9):
            try:
                return await self.node.rpc_client.ask(request, idempotency_key=key)
            except RequestTimeout:
                continue
        raise AssertionError(f"{request.TYPE} was not answered")

    def form(self, address: str, password: str = PASSWORD) -> RequestAccount:
        """The account form."""
        kind = RequestAccount
        return kind(
            first_name="Pierre",
            last_name="Durand",
            address=address,
            password=self.sealer.seal(password, seal_context(kind, "password")),
            language="fr",
            network=NETWORK,
        )

    def sign_in(self, address: str) -> SignIn:
        """The sign-in form with a wrong password."""
        sealed = self.sealer.seal(OTHER_PASSWORD, seal_context(SignIn, "password"))
        return SignIn(address=address, password=sealed, network=NETWORK)

    def seal(self, kind: type[Request], field: str, plain: str) -> Sealed:
        """The content of a sealed field from the gateway."""
        return self.sealer.seal(plain, seal_context(kind, field))

    async def account(self, address: str, password: str = PASSWORD) -> str:
        """An account, written as its creation writes it; returns its id."""
        ring = KeyRing.parse(self.system.environment("registration")["IMPEX_PEPPER_KEYS"])
        hasher = Hasher("registration", ring, Cost(19_456, 2, 1), 1)
        hashed = await hasher.hash(password, address)
        hasher.close()
        account_id, now = str(uuid4()), utc_now()
        async with transaction(self.pool) as tx:
            account = {
                "id": account_id, "address": address, "address_key": address,
                "first_name": "Pierre", "last_name": "Durand", "language": "fr",
                "created_at": now, "verified_at": now,
            }  # fmt: skip
            await insert(tx, "accounts", account)
            credentials = {
                "account_id": account_id, "password_hash": hashed.text,
                "pepper_key_id": hashed.key_id, "set_at": now,
            }  # fmt: skip
            await insert(tx, "credentials", credentials)
        return account_id

    async def reset_link(self, account_id: str, address: str) -> str:
        """A good link for a new password, written as its request writes it; returns its token."""
        ring = KeyRing.parse(self.system.environment("registration")["IMPEX_TOKEN_KEYS"])
        token, now = new_token(), utc_now()
        link = MailedLink(
            kind=RESET.name,
            account_id=account_id,
            stolen=False,
            requested_at=now,
            expires_at=now + LIFE,
        )
        async with transaction(self.pool) as tx:
            link_hash = keyed_hash(ring, RESET.purpose, token)[1]
            await mailed_link_store.add(tx, link, link_hash, [address])
        return token

    async def count(self, table: str) -> int:
        """How many rows a table of registration has."""
        async with transaction(self.pool) as tx:
            return int(await tx.fetchval(f"SELECT count(*) FROM {table}"))


@asynccontextmanager
async def connect_client(
    test_servers: TestServers, folder: Path
) -> AsyncIterator[RegistrationClient]:
    """A client that sends as the gateway; `client.system.run("registration")` answers it."""
    database, broker = test_servers.migrated(services()), test_servers.broker(principals())
    system = System(database, broker, folder)
    pool = await open_pool(database.url("registration"), "registration", "tests", 3)
    gateway = await open_pool(database.url("gateway"), "gateway", "tests", 3)
    asks = tuple(each for each in REQUESTS.values() if each.OWNER == OWNER)
    node = ServiceBus("gateway", broker.url("gateway"), gateway, clock=utc_now, asks=asks)
    ring = SealRing.parse(system.environment("registration")["IMPEX_SEAL_KEYS_REGISTRATION"])
    await node.start(None, timeout=60)
    try:
        yield RegistrationClient(system, node, pool, Sealer("registration", ring))
    finally:
        await node.drain(2)
        await gateway.close()
        await pool.close()
    test_servers.delete(broker)
    test_servers.drop(database)
