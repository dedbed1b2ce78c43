"""The mails that would be sent, read from the events that request them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aio_pika
import msgspec

from shared.contracts.base import EVENTS, Sealed
from shared.contracts.registration.events import (
    AccountRequested,
    AddressProofRequested,
    LostPhoneClaimed,
    PasswordResetRequested,
    UnlockOffered,
    ValidationResent,
)
from shared.contracts.registration.recovery_address import RecoveryAddressRequested
from shared.security.seal_keys import SealRing
from shared.security.sealing import Opener, seal_context
from tests.support import eventually
from tests.support.servers.system import System

#: The events of mails that carry a secret.
MAILED = (
    AccountRequested,
    ValidationResent,
    AddressProofRequested,
    PasswordResetRequested,
    LostPhoneClaimed,
    UnlockOffered,
    RecoveryAddressRequested,
)


@dataclass(frozen=True)
class SentMail:
    """The secrets of a mail: a code, a link's token, or both."""

    kind: str
    address: str
    code: str
    token: str


@dataclass(frozen=True)
class PublishedEvent:
    """An event as it went over the broker."""

    name: str
    subject: str | None
    data: dict[str, Any]


@dataclass
class SentMails:
    """Every published event, and every mail that would be sent, decrypted with the mailer's key."""

    opener: Opener
    all: list[SentMail] = field(default_factory=list)
    published: list[PublishedEvent] = field(default_factory=list)

    def record(self, body: bytes) -> None:
        envelope = msgspec.json.decode(body)
        event = EVENTS[envelope["type"]]
        self.published.append(
            PublishedEvent(event.__name__, envelope.get("subject"), envelope["data"])
        )
        if event in MAILED:
            opened = {}
            for name in ("code", "link_token"):
                if name in event.__struct_fields__:
                    sealed = msgspec.convert(envelope["data"][name], Sealed)
                    opened[name] = self.opener.open(sealed, seal_context(event, name))
            self.all.append(
                SentMail(
                    event.__name__,
                    envelope["data"]["address"],
                    opened.get("code", ""),
                    opened.get("link_token", ""),
                )
            )

    async def to(self, address: str, number: int = 1, kind: str = "") -> SentMail:
        """The latest message to an address (of a kind), once `number` of them were requested."""

        def found() -> list[SentMail]:
            mine = [one for one in self.all if one.address == address and kind in one.kind]
            return mine if len(mine) >= number else []

        return (await eventually(found, why=f"message {number} to {address}"))[-1]

    def of(self, name: str, subject: str | None) -> list[PublishedEvent]:
        """The events of that name about an account, so far. Tests share a portal: others' events
        are in `published` too.
        """
        return [one for one in self.published if (one.name, one.subject) == (name, subject)]

    async def event(self, name: str, subject: str, number: int = 1) -> PublishedEvent:
        """The latest event of that name about an account, once there are `number` of them."""

        def found() -> list[PublishedEvent]:
            mine = self.of(name, subject)
            return mine if len(mine) >= number else []

        return (await eventually(found, why=f"{number} {name}"))[-1]


@asynccontextmanager
async def record_sent_mails(system: System) -> AsyncIterator[SentMails]:
    """Record every published event for as long as this lasts."""
    ring = SealRing.parse(system.environment("mailer")["IMPEX_SEAL_KEYS_MAILER"])
    found = SentMails(Opener("mailer", ring))
    connection = await aio_pika.connect(system.broker.admin_url)
    channel = await connection.channel()
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind("impex.events", "#")

    async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        found.record(message.body)

    await queue.consume(take, no_ack=True)
    yield found
    await connection.close()
