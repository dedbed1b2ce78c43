"""The second factor as a service: asked over the broker, many at once, twice, after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from shared.contracts import mfa as words
from shared.contracts.base import REQUESTS
from shared.contracts.registration import CredentialsRemoved
from shared.database import Pool, open_pool, transaction
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.handlers import Refused
from shared.messaging.service_bus import ServiceBus
from shared.outbox import emit
from shared.runtime.service import utc_now
from shared.security.sealing import KeyRing, Opener, Sealer, seal_context
from tests.support import eventually
from tests.support.harness.mfa import ADDRESS, Phone
from tests.support.harness.service_harness import unseal
from tests.support.servers.services import principals, services
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System

#: Starting a service takes long where others use the machine too.
pytestmark = pytest.mark.timeout(150)


@dataclass
class Asker:
    """Asks the second factor as the gateway would, and looks into its tables."""

    node: ServiceBus
    pool: Pool
    sealer: Sealer
    opener: Opener
    system: System

    async def ask(self, request: Any, key: str | None = None) -> Any:
        """The reply, or `Refused`; on a slow machine asked again, which is the same as once, and so
        is waiting for an owner that is just being started."""
        key = key or str(uuid4())
        for _ in range(30):
            try:
                return await self.node.rpc_client.ask(request, idempotency_key=key)
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

    def check(self, account: str, code: str) -> words.CheckCode:
        """« Valider le code »."""
        sealed = self.sealer.seal(code, seal_context(words.CheckCode, "code"))
        return words.CheckCode(account_id=account, code=sealed)

    def start(self, account: str) -> words.StartEnrolment:
        """The first enrolment."""
        kind = words.StartEnrolment
        return kind(
            account_id=account, label=self.sealer.seal(ADDRESS, seal_context(kind, "label"))
        )

    def confirm(self, account: str, enrolment: str, code: str) -> words.ConfirmEnrolment:
        """The first code."""
        kind = words.ConfirmEnrolment
        sealed = self.sealer.seal(code, seal_context(kind, "code"))
        return kind(account_id=account, enrolment_id=enrolment, code=sealed)

    async def enrolled(self) -> tuple[str, Phone]:
        """An account with a phone; its next code, which the window holds already, is fresh."""
        account = str(uuid4())
        view = await self.ask(self.start(account))
        phone = Phone(unseal(self.opener, view, "key"))
        await self.ask(self.confirm(account, view.enrolment_id, phone.code(utc_now())))
        return account, phone

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """Rows of the service's own schema."""
        async with transaction(self.pool) as tx:
            return list(await tx.fetch(sql, *args))

    async def heard(self, events: int) -> bool:
        """Whether so many events were handled."""
        return len(await self.fetch("SELECT 1 FROM inbox")) == events


def fresh(phone: Phone) -> str:
    """The next code: right already, and for a minute at least, however slow the machine."""
    return phone.code(utc_now(), 1)


def wrong(phone: Phone) -> str:
    """A code that is of no step near."""
    near = {phone.code(utc_now(), steps) for steps in range(-45, 46)}
    return next(f"{n:06d}" for n in range(1_000_000) if f"{n:06d}" not in near)


@pytest.fixture
async def asker(test_servers: TestServers, tmp_path: Path) -> AsyncIterator[Asker]:
    """The gateway's end of the line; the second factor runs where a test runs it."""
    database, broker = test_servers.migrated(services()), test_servers.broker(principals())
    system = System(database, broker, tmp_path)
    pool = await open_pool(database.url("mfa"), "mfa", "tests", 3)
    gateway = await open_pool(database.url("gateway"), "gateway", "tests", 3)
    asks = tuple(each for each in REQUESTS.values() if each.OWNER == words.OWNER)
    node = ServiceBus("gateway", broker.url("gateway"), gateway, clock=utc_now, asks=asks)
    given = system.environment("mfa")
    await node.start(None, timeout=20)
    try:
        await eventually(lambda: node.ready[0], why="the gateway's line is up")
        yield Asker(
            node,
            pool,
            Sealer("mfa", KeyRing.parse(given["IMPEX_SEAL_KEYS_MFA"])),
            Opener("gateway", KeyRing.parse(given["IMPEX_SEAL_KEYS_GATEWAY"])),
            system,
        )
    finally:
        await node.drain(2)
        await gateway.close()
        await pool.close()
    test_servers.delete(broker)
    test_servers.drop(database)


async def test_au_03_of_fifty_wrong_codes_at_once_five_are_looked_at(asker: Asker) -> None:
    async with asker.system.run("mfa"):
        account, phone = await asker.enrolled()
        code = wrong(phone)
        outcomes = await asyncio.gather(
            *(asker.outcome(asker.check(account, code)) for _ in range(50))
        )
        assert sorted(outcomes) == ["too_many_codes"] * 45 + ["wrong_code"] * 5
    # The door is closed in the database: another process finds it closed.
    async with asker.system.run("mfa"):
        assert await asker.outcome(asker.check(account, fresh(phone))) == "too_many_codes"


async def test_ot_04_of_fifty_with_one_right_code_one_is_accepted(asker: Asker) -> None:
    async with asker.system.run("mfa"), asker.system.run("mfa"):
        account, phone = await asker.enrolled()
        code = fresh(phone)
        outcomes = await asyncio.gather(
            *(asker.outcome(asker.check(account, code)) for _ in range(50))
        )
        assert sorted(outcomes) == ["code_used"] * 49 + ["done"]


async def test_thirty_two_people_with_right_codes_at_once_are_all_let_in(asker: Asker) -> None:
    async with asker.system.run("mfa"):
        people = await asyncio.gather(*(asker.enrolled() for _ in range(32)))
        outcomes = await asyncio.gather(
            *(asker.outcome(asker.check(account, fresh(phone))) for account, phone in people)
        )
        assert outcomes == ["done"] * 32


async def test_asked_twice_with_one_key_it_is_done_once_and_answered_alike(asker: Asker) -> None:
    async with asker.system.run("mfa"):
        account, phone = await asker.enrolled()
        code = fresh(phone)
        views = await asyncio.gather(
            *(asker.ask(asker.check(account, code), "key-1") for _ in range(10))
        )
        assert len({view.accepted_at for view in views}) == 1
        # A wrong one counts once, however often it is asked with its key.
        for _ in range(6):
            request = asker.check(account, wrong(phone))
            assert await asker.outcome(request, "key-2") == "wrong_code"
        (row,) = await asker.fetch("SELECT cardinality(wrong) AS n FROM tries")
        assert row["n"] == 1
        started = [await asker.ask(asker.start(str(uuid4())), f"key-{n}") for n in (3, 4)]
        assert len({view.enrolment_id for view in started}) == 2


async def test_b_08_killed_in_the_middle_nobody_is_refused_and_no_code_counts_twice(
    asker: Asker,
) -> None:
    first = asker.system.spawn("mfa")
    await eventually(first.ready, 60, every=0.1, why="the second factor is ready")
    people = await asyncio.gather(*(asker.enrolled() for _ in range(12)))
    clumsy, phone = people[0]
    await asker.ask(asker.check(clumsy, fresh(phone)), "right")
    codes = [(account, fresh(phone)) for account, phone in people[1:]]
    asked = [
        asyncio.create_task(asker.outcome(asker.check(*each), f"key-{number}"))
        for number, each in enumerate(codes)
    ]
    asked.append(asyncio.create_task(asker.outcome(asker.check(clumsy, wrong(phone)), "wrong")))
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    first.kill()
    second = asker.system.spawn("mfa")
    try:
        outcomes = await asyncio.gather(*asked)
        assert outcomes == ["done"] * len(codes) + ["wrong_code"]
        again = await asyncio.gather(*(asker.outcome(asker.check(*each)) for each in codes))
        assert set(again) == {"code_used"}
        (row,) = await asker.fetch("SELECT cardinality(wrong) AS n, failures FROM tries")
        assert tuple(row) == (1, 1)
    finally:
        second.stop()


async def test_cr_11_a_key_that_does_not_open_is_an_internal_error_and_nothing_more(
    asker: Asker,
) -> None:
    async with asker.system.run("mfa"):
        account, phone = await asker.enrolled()
        await asker.fetch("UPDATE authenticators SET key_box = reverse(key_box)")
        with pytest.raises(Refused) as caught:
            await asker.ask(asker.check(account, fresh(phone)))
        refusal = caught.value.refusal
        assert (refusal.slug, refusal.params, refusal.errors) == ("internal_error", {}, ())
        assert await asker.fetch("SELECT 1 FROM tries") == []


async def test_g_26_it_hears_that_credentials_are_removed_and_says_so_once(asker: Asker) -> None:
    database, name = asker.system.database, "registration"
    registration = await open_pool(database.url(name), name, "tests", 2)
    async with asker.system.run("mfa"):
        account, _phone = await asker.enrolled()
        said = ServiceBus(
            name,
            asker.system.broker.url(name),
            registration,
            clock=utc_now,
            emits=(CredentialsRemoved,),
        )
        await said.start(None, timeout=20)
        try:
            for seconds in (0, 1):
                removed = CredentialsRemoved(removed_at=utc_now() + timedelta(seconds=seconds))
                async with transaction(registration) as tx:
                    await emit(tx, name, removed, subject=account, now=utc_now())
                said.wake_relay()

            await eventually(lambda: asker.heard(2), why="both were heard")
        finally:
            await said.drain(2)
            await registration.close()
        assert await asker.ask(words.DescribeFactor(account_id=account)) == words.FactorView()
    queue = asker.system.broker.depths()
    assert queue.get("mfa.dead", 0) == 0
