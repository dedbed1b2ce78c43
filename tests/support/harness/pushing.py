"""The service push with partners, a receiver with TLS, an operator and a publisher.

The service runs by a clock of the test.
"""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aio_pika
import asyncpg

from operations import service_registry
from operations.provision.partners import FOLDER, partner, write
from operations.provision.permissions import partner_definitions
from services.push import store
from shared.contracts.base import Event
from shared.contracts.registration.events import AccountCreated
from shared.messaging.envelope import CONTENT_TYPE, wrap
from shared.messaging.topology import EVENTS
from shared.runtime.service import utc_now
from shared.security.signing_keys import SigningRing
from tests.support.mail.sample_events import created
from tests.support.push_receiver import Receiver
from tests.support.servers import fork_server
from tests.support.servers.certificates import Authority
from tests.support.servers.system import System, keys
from tests.support.waiting import eventually

RING = keys()["IMPEX_PUSH_KEYS"]


def public_keys() -> dict[str, str]:
    """The key of the tests' ring, as the command prints it."""
    return {
        one: base64.b64encode(key).decode() for one, key in SigningRing.parse(RING).public_keys()
    }


@dataclass
class StoppedClock:
    """Time that passes only where the test lets it: no wait ends by itself on a busy machine."""

    now: datetime = field(default_factory=utc_now)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **length: float) -> None:
        """Let time pass."""
        self.now += timedelta(**length)

    def catch_up(self) -> None:
        """Go to the machine's time, by which commands work."""
        self.now = utc_now()


@dataclass
class Pushing:
    """Partners with addresses on one receiver, an operator, and a publisher."""

    system: System
    receiver: Receiver
    authority: Authority
    database: "asyncpg.Connection[Any]"
    broker: aio_pika.abc.AbstractConnection
    clock: StoppedClock = field(default_factory=StoppedClock)
    partners: list[str] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """The service's own."""
        return {
            "IMPEX_PUSH_NETWORKS": "127.0.0.1/32,::1/128",
            "IMPEX_PUSH_CA_FILE": str(self.authority.ca_file),
        }

    @asynccontextmanager
    async def running(self, **settings: str) -> AsyncIterator[None]:
        """The service, by the test's clock."""
        given = {**self.settings, **settings}
        async with self.system.run("push", clock=self.clock, **given):
            yield

    def impex(self, *words: str, **settings: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of a command of the operator."""
        environment = {
            "PATH": os.environ["PATH"],
            "IMPEX_HOME": str(self.system.folder / "home"),
            FOLDER: os.environ[FOLDER],
            "IMPEX_AMQP_URL": self.system.broker.admin_url,
            "IMPEX_AMQP_MANAGEMENT_URL": self.system.broker.management_url,
            "IMPEX_OPERATOR_AMQP_URL": self.system.broker.url("operator"),
            "IMPEX_PUSH_DATABASE_URL": self.system.database.url("push"),
            **settings,
        }
        group = () if words[0] == "dead" else ("partner",)
        done = fork_server.run((*group, *words), environment)
        return done.returncode, done.stdout, done.stderr

    def name(self, word: str) -> str:
        """A name that no other test of the run uses: users belong to the whole broker."""
        self.partners.append(f"p{self.system.broker.vhost.replace('_', '')}-{word}")
        return self.partners[-1]

    async def add(self, word: str, url: str | None = None) -> str:
        """Make a partner that is posted to at this path, or URL, as the command does; its name."""
        url = url or f"{self.receiver.url}/{word}"
        one = partner(self.name(word), [AccountCreated.TYPE], push=url)
        write(one)
        vhost = self.system.broker.vhost
        made = partner_definitions(vhost, one, "", service_registry.principals())
        self.system.broker.admin.import_definitions(made)
        await store.set_receiver(self.database, one.name, url)
        return one.name

    async def publish(self, event: Event | None = None, times: int = 1) -> str:
        """Publish an event as its owner; its id."""
        message_id, body = wrap("registration", event or created(), subject=None, now=self.clock())
        channel = await self.broker.channel()
        exchange = await channel.get_exchange(EVENTS, ensure=False)
        for _ in range(times):
            message = aio_pika.Message(
                body, content_type=CONTENT_TYPE, delivery_mode=2, message_id=message_id,
                type=AccountCreated.TYPE, user_id="registration",
            )  # fmt: skip
            await exchange.publish(message, routing_key=AccountCreated.TYPE)
        await channel.close()
        return message_id

    async def reject_one(self, partner: str) -> None:
        """Make a dead letter of an event, as a partner may that reads its queue itself."""
        admin = await aio_pika.connect(self.system.broker.admin_url)
        channel = await admin.channel()
        queue = await channel.get_queue(f"{partner}.events", ensure=False)
        message = await queue.get()
        assert message is not None
        await message.reject(requeue=False)
        dead = await channel.get_queue(f"{partner}.dead", ensure=False)

        async def there() -> bool:
            letter = await dead.get(fail=False)
            if letter is not None:
                await letter.reject(requeue=True)
            return letter is not None

        await eventually(there, 20, why="a dead letter")
        await admin.close()

    async def rows(self, partner: str) -> list[Any]:
        """The deliveries of a partner."""
        return await self.database.fetch(
            "SELECT * FROM deliveries WHERE partner = $1 ORDER BY received_at", partner
        )

    async def until(self, partner: str, **wanted: Any) -> Any:
        """Wait until every delivery of a partner is so; the last one."""

        async def so() -> Any:
            rows = await self.rows(partner)
            good = [all(row[name] == value for name, value in wanted.items()) for row in rows]
            assert rows, "no delivery"
            assert all(good), [{name: row[name] for name in wanted} for row in rows]
            return rows[-1]

        return await eventually(so, 20, why=f"{partner} {wanted}")

    async def failures(self, partner: str, count: int) -> None:
        """Wait until a receiver gave no answer so many times in a row."""

        async def so() -> bool:
            found = await self.database.fetchval(
                "SELECT failures FROM receivers WHERE partner = $1", partner
            )
            return bool(found == count)

        await eventually(so, 20, why=f"{count} failures")
