"""The service over the broker: concurrent and repeated requests, a restart."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from shared.contracts.base import REQUESTS
from shared.contracts.mfa.events import OWNER as MFA_OWNER
from shared.contracts.mfa.requests import (
    CheckCode,
    ConfirmEnrolment,
    DescribeFactor,
    StartEnrolment,
)
from shared.contracts.mfa.views import FactorView
from shared.contracts.registration.events import CredentialsRemoved
from shared.database import Pool, open_pool, transaction
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.handlers import Refused
from shared.messaging.service_bus import ServiceBus
from shared.outbox import emit
from shared.runtime.service import utc_now
from shared.security.seal_keys import SealRing
from shared.security.sealing import Opener, Sealer, seal_context
from tests.support import eventually
from tests.support.harness.mfa import ADDRESS, Phone
from tests.support.harness.service_harness import unseal
from tests.support.servers.services import principals, services
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System, keys

#: Starting a service takes long on a busy machine.
pytestmark = pytest.mark.timeout(300)


@dataclass
class GatewayClient:
    """Sends requests as the gateway would, and reads the tables of the service."""

    bus: ServiceBus
    pool: Pool
    sealer: Sealer
    opener: Opener
    system: System

    async def ask(self, request: Any, key: str | None = None) -> Any:
        """The reply, or `Refused`. Repeats the request, with the same key, until the service has
        started and replies in time."""
        key = key or str(uuid4())
        for _ in range(30):
            try:
                return await self.bus.rpc_client.ask(request, idempotency_key=key)
            except RequestTimeout:
                continue
            except ServiceUnavailable:
                await asyncio.sleep(0.5)
        raise AssertionError(f"{request.TYPE} was not answered")

    async def outcome(self, request: Any, key: str | None = None) -> str:
        """The slug it is refused with, or `done`."""
        try:
            await self.ask(request, key)
        except Refused as refused:
            return refused.refusal.slug
        return "done"

    def check(self, account: str, code: str) -> CheckCode:
        """« Valider le code »."""
        sealed = self.sealer.seal(code, seal_context(CheckCode, "code"))
        return CheckCode(account_id=account, code=sealed)

    def start(self, account: str) -> StartEnrolment:
        """The first enrolment."""
        kind = StartEnrolment
        return kind(
            account_id=account, label=self.sealer.seal(ADDRESS, seal_context(kind, "label"))
        )

    def confirm(self, account: str, enrolment: str, code: str) -> ConfirmEnrolment:
        """The first code of an enrolment."""
        kind = ConfirmEnrolment
        sealed = self.sealer.seal(code, seal_context(kind, "code"))
        return kind(account_id=account, enrolment_id=enrolment, code=sealed)

    async def enrolled(self) -> tuple[str, Phone]:
        """An account with a phone, whose next code is already in the window."""
        account = str(uuid4())
        view = await self.ask(self.start(account))
        phone = Phone(unseal(self.opener, view, "key"))
        await self.ask(self.confirm(account, view.enrolment_id, phone.code(utc_now())))
        return account, phone

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """Rows of the service's own schema."""
        async with transaction(self.pool) as tx:
            return list(await tx.fetch(sql, *args))

    async def has_processed(self, events: int) -> bool:
        """Whether so many events were processed."""
        return len(await self.fetch("SELECT 1 FROM inbox")) == events


def next_code(phone: Phone) -> str:
    """The next code, which is right for at least a minute from now on."""
    return phone.code(utc_now(), 1)


def wrong_code(phone: Phone) -> str:
    """A code that no nearby step has."""
    near = {phone.code(utc_now(), steps) for steps in range(-45, 46)}
    return next(f"{n:06d}" for n in range(1_000_000) if f"{n:06d}" not in near)


@pytest_asyncio.fixture(loop_scope="package")
async def client(test_servers: TestServers, tmp_path: Path) -> AsyncIterator[GatewayClient]:
    """The gateway's side of the broker; each test runs the service itself."""
    database, broker = test_servers.migrated(services()), test_servers.broker(principals())
    system = System(database, broker, tmp_path)
    pool = await open_pool(database.url("mfa"), "mfa", "tests", 3)
    gateway = await open_pool(database.url("gateway"), "gateway", "tests", 3)
    asks = tuple(each for each in REQUESTS.values() if MFA_OWNER == each.OWNER)
    bus = ServiceBus("gateway", broker.url("gateway"), gateway, clock=utc_now, asks=asks)
    await bus.start(None, timeout=60)
    try:
        await eventually(lambda: bus.ready[0], why="the gateway is connected")
        yield GatewayClient(
            bus,
            pool,
            Sealer("mfa", SealRing.parse(keys()["IMPEX_SEAL_KEYS_MFA"])),
            Opener("gateway", SealRing.parse(keys()["IMPEX_SEAL_KEYS_GATEWAY"])),
            system,
        )
    finally:
        await bus.drain(2)
        await gateway.close()
        await pool.close()
    test_servers.delete(broker)
    test_servers.drop(database)


async def test_au_03_of_fifty_wrong_codes_at_once_five_are_checked(client: GatewayClient) -> None:
    async with client.system.run("mfa"):
        account, phone = await client.enrolled()
        code = wrong_code(phone)
        outcomes = await asyncio.gather(
            *(client.outcome(client.check(account, code)) for _ in range(50))
        )
        assert sorted(outcomes) == ["too_many_codes"] * 45 + ["wrong_code"] * 5
    # The lock is in the database: another process applies it too.
    async with client.system.run("mfa"):
        assert await client.outcome(client.check(account, next_code(phone))) == "too_many_codes"


async def test_ot_04_of_fifty_with_one_right_code_one_is_accepted(client: GatewayClient) -> None:
    async with client.system.run("mfa"), client.system.run("mfa"):
        account, phone = await client.enrolled()
        code = next_code(phone)
        outcomes = await asyncio.gather(
            *(client.outcome(client.check(account, code)) for _ in range(50))
        )
        assert sorted(outcomes) == ["code_used"] * 49 + ["done"]


async def test_thirty_two_right_codes_at_once_are_all_accepted(
    client: GatewayClient,
) -> None:
    async with client.system.run("mfa"):
        people = await asyncio.gather(*(client.enrolled() for _ in range(32)))
        outcomes = await asyncio.gather(
            *(client.outcome(client.check(account, next_code(phone))) for account, phone in people)
        )
        assert outcomes == ["done"] * 32


async def test_repeated_with_one_key_it_is_executed_once_with_the_same_reply(
    client: GatewayClient,
) -> None:
    async with client.system.run("mfa"):
        account, phone = await client.enrolled()
        code = next_code(phone)
        views = await asyncio.gather(
            *(client.ask(client.check(account, code), "key-1") for _ in range(10))
        )
        assert len({view.accepted_at for view in views}) == 1
        # A wrong code counts once, however often its request is repeated.
        for _ in range(6):
            request = client.check(account, wrong_code(phone))
            assert await client.outcome(request, "key-2") == "wrong_code"
        (row,) = await client.fetch("SELECT cardinality(wrong) AS n FROM tries")
        assert row["n"] == 1
        started = [await client.ask(client.start(str(uuid4())), f"key-{n}") for n in (3, 4)]
        assert len({view.enrolment_id for view in started}) == 2


async def test_b_08_killed_in_the_middle_no_code_is_refused_or_counted_twice(
    client: GatewayClient,
) -> None:
    first = client.system.spawn("mfa")
    await eventually(first.ready, 60, every=0.1, why="the second factor is ready")
    people = await asyncio.gather(*(client.enrolled() for _ in range(12)))
    clumsy, phone = people[0]
    await client.ask(client.check(clumsy, next_code(phone)), "right")
    codes = [(account, next_code(phone)) for account, phone in people[1:]]
    asked = [
        asyncio.create_task(client.outcome(client.check(*each), f"key-{number}"))
        for number, each in enumerate(codes)
    ]
    asked.append(
        asyncio.create_task(client.outcome(client.check(clumsy, wrong_code(phone)), "wrong"))
    )
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    first.kill()
    second = client.system.spawn("mfa")
    try:
        outcomes = await asyncio.gather(*asked)
        assert outcomes == ["done"] * len(codes) + ["wrong_code"]
        again = await asyncio.gather(*(client.outcome(client.check(*each)) for each in codes))
        assert set(again) == {"code_used"}
        (row,) = await client.fetch("SELECT cardinality(wrong) AS n, failures FROM tries")
        assert tuple(row) == (1, 1)
    finally:
        second.stop()


async def test_cr_11_a_key_that_does_not_open_is_an_internal_error_and_nothing_more(
    client: GatewayClient,
) -> None:
    async with client.system.run("mfa"):
        account, phone = await client.enrolled()
        await client.fetch("UPDATE authenticators SET key_box = reverse(key_box)")
        with pytest.raises(Refused) as caught:
            await client.ask(client.check(account, next_code(phone)))
        refusal = caught.value.refusal
        assert (refusal.slug, refusal.params, refusal.errors) == ("internal_error", {}, ())
        assert await client.fetch("SELECT 1 FROM tries") == []


async def test_g_26_it_processes_removed_credentials_and_publishes_once(
    client: GatewayClient,
) -> None:
    database, name = client.system.database, "registration"
    registration = await open_pool(database.url(name), name, "tests", 2)
    async with client.system.run("mfa"):
        account, _phone = await client.enrolled()
        publisher = ServiceBus(
            name,
            client.system.broker.url(name),
            registration,
            clock=utc_now,
            emits=(CredentialsRemoved,),
        )
        await publisher.start(None, timeout=60)
        try:
            for seconds in (0, 1):
                removed = CredentialsRemoved(removed_at=utc_now() + timedelta(seconds=seconds))
                async with transaction(registration) as tx:
                    await emit(tx, name, removed, subject=account, now=utc_now())
                publisher.relay.wake()

            await eventually(lambda: client.has_processed(2), why="both were processed")
        finally:
            await publisher.drain(2)
            await registration.close()
        view = await client.ask(DescribeFactor(account_id=account))
        assert view == FactorView()
    assert client.system.broker.depths().get("mfa.dead", 0) == 0
