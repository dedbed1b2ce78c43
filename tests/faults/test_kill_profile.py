"""`kill -9` of profile while two hundred people press « Valider » twice at once (G-34, G-35, B-08).

No browser sends a form here: the tests send the gateway's requests, and repeat them with the same
key until they are answered.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from shared.contracts.base import REQUESTS
from shared.contracts.profile.events import OWNER as PROFILE_OWNER
from shared.contracts.profile.events import AccountValidated
from shared.contracts.profile.requests import SaveProfile, ValidateProfile
from shared.contracts.registration.events import AccountCreated
from shared.database import Pool, open_pool, transaction
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.service_bus import ServiceBus
from shared.outbox import emit
from shared.runtime.service import utc_now
from shared.security.seal_keys import SealRing
from shared.security.sealing import Sealer, seal_context
from tests.support import eventually
from tests.support.actors.retrying_registrant import PATIENCE, PAUSE
from tests.support.harness.profile_forms import BELGIAN
from tests.support.mail.mail_server import Received
from tests.support.servers.captured_events import capture_events, take_captured
from tests.support.servers.fault_rig import FaultRig

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="package"),
]

PEOPLE = 200
#: This many have their answer when profile is killed.
ANSWERED = 30
#: This many presses at once: when the first are answered, most have not started.
AT_ONCE = 60
CONFIRMATION = "Confirmation de création de votre compte utilisateur IMPEXWEB"


@dataclass
class Gateway:
    """A client that sends as the gateway."""

    node: ServiceBus
    sealer: Sealer

    async def ask(self, request: Any, key: str) -> Any:
        """The reply; without one, the same request again with the same key."""
        end = monotonic() + PATIENCE
        while monotonic() < end:
            try:
                return await self.node.rpc_client.ask(request, idempotency_key=key)
            except (RequestTimeout, ServiceUnavailable):
                await asyncio.sleep(PAUSE)
        raise AssertionError(f"{request.TYPE} was not answered")

    async def save(self, account: str) -> int:
        """« Enregistrer »; the version that is shown then."""
        text = msgspec.json.encode(BELGIAN).decode()
        sealed = self.sealer.seal(text, seal_context(SaveProfile, "fields"))
        request = SaveProfile(account_id=account, fields=sealed, terms_version="1")
        saved = await self.ask(request, f"save {account}")
        assert saved.errors == ()
        return int(saved.version)

    async def press(self, account: str, version: int, page: str) -> str:
        """« Confirmer la validation » of one page; the state that is shown then."""
        request = ValidateProfile(account_id=account, version=version)
        return str((await self.ask(request, f"{page} {account}")).state)


@asynccontextmanager
async def gateway_of(rig: FaultRig) -> AsyncIterator[Gateway]:
    """Sends the gateway's requests, next to the running gateway."""
    pool = await open_pool(rig.system.database.url("gateway"), "gateway", "tests", 2)
    asks = tuple(each for each in REQUESTS.values() if PROFILE_OWNER == each.OWNER)
    node = ServiceBus("gateway", rig.system.broker.url("gateway"), pool, clock=utc_now, asks=asks)
    keys = rig.system.environment("profile")["IMPEX_SEAL_KEYS_PROFILE"]
    await node.start(None, timeout=60)
    try:
        await eventually(lambda: node.ready[0], why="the gateway's line is up")
        yield Gateway(node, Sealer("profile", SealRing.parse(keys)))
    finally:
        await node.drain(2)
        await pool.close()


async def have_accounts(pool: Pool) -> dict[str, str]:
    """Publishes so many `AccountCreated` as registration; returns their addresses by id."""
    people = {str(uuid4()): f"v{number}@pharmacie.example.fr" for number in range(PEOPLE)}
    now = utc_now()
    async with transaction(pool) as tx:
        for account, address in people.items():
            event = AccountCreated(
                request_id=str(uuid4()),
                address=address,
                first_name="Łukasz",
                last_name="Peeters",
                language="fr",
                terms_version="1",
                terms_accepted_at=now,
                created_at=now,
                enrol_before=now + timedelta(hours=24),
            )
            await emit(tx, "registration", event, subject=account, now=now)
    return people


def mails_to(rig: FaultRig, addresses: set[str]) -> list[Received]:
    """The mails to these addresses."""
    return [one for one in rig.smtp.messages if one.recipients[0] in addresses]


async def test_g_35_two_hundred_press_twice_while_profile_is_killed(ready_rig: FaultRig) -> None:
    """G-35, B-08: two hundred accounts are validated, none twice, with one confirmation each."""
    rig = ready_rig
    registration = await open_pool(
        rig.system.database.url("registration"), "registration", "tests", 1
    )
    people = await have_accounts(registration)
    await registration.close()
    async with (
        capture_events(rig.system.broker, AccountValidated.TYPE),
        gateway_of(rig) as gateway,
    ):
        versions = dict(zip(people, await asyncio.gather(*map(gateway.save, people)), strict=True))
        # Both presses of one page have its key; half of the people press in two tabs instead.
        again = itertools.cycle(("page", "tab"))
        pages = [(account, page) for account in people for page in ("page", next(again))]
        places = asyncio.Semaphore(AT_ONCE)

        async def press(account: str, page: str) -> str:
            async with places:
                return await gateway.press(account, versions[account], page)

        presses = [asyncio.create_task(press(account, page)) for account, page in pages]

        async def some_are_answered() -> bool:
            return sum(press.done() for press in presses) >= ANSWERED

        await eventually(some_are_answered, 60, every=0.005, why="some have their answer")
        waiting = sum(not press.done() for press in presses)
        rig.supervisor.kill("profile")
        states = await asyncio.gather(*presses)
        assert set(states) == {"validated"}
        assert waiting >= ANSWERED, "it was killed in the middle"
        await rig.outboxes_empty()
        validated = await take_captured(rig.system.broker)
    assert Counter(one.subject for one in validated.values()) == Counter(dict.fromkeys(people, 1))
    # Finalisation and confirmation mails; they are read once all are there.
    addresses = set(people.values())
    await eventually(
        lambda: len(mails_to(rig, addresses)) >= 2 * PEOPLE, 60, every=0.25, why="all have both"
    )
    await rig.queues_empty()
    written = Counter(
        one.recipients[0]
        for one in mails_to(rig, addresses)
        if one.message["Subject"] == CONFIRMATION
    )
    assert written == Counter(dict.fromkeys(addresses, 1))
