"""Saying the events of another application, under its own user: `backoffice`.

An event's message id is made from its content, so that the same event sent again is the same
message, and every listener knows it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

import msgspec
from pamqp.commands import Basic

from operations.operate.endpoints import configured_or_running
from operations.provision.provisioning import amqp_setting
from shared.contracts import backoffice
from shared.messaging.connection import BrokerConnection
from shared.messaging.envelope import CONTENT_TYPE, wrap
from shared.messaging.publisher import Publisher
from shared.messaging.topology import EVENTS
from shared.runtime.service import utc_now

#: How many confirms are waited for at once.
MAX_UNCONFIRMED = 100
#: The setting that holds the address of the publisher's user.
PUBLISHER = amqp_setting(backoffice.OWNER)
_NAMESPACE = UUID("6f0f9b1e-0d5c-5a43-9a3e-2f6c1c0b7d41")


@dataclass(frozen=True, kw_only=True)
class DossierMessage:
    """An event about an account's dossier."""

    account_id: str
    event: backoffice.DossierEvent

    @property
    def message_id(self) -> str:
        """The same for the same event, whenever it is said."""
        content = msgspec.json.encode([self.event.TYPE, self.account_id, self.event])
        return str(uuid5(_NAMESPACE, content.decode()))


def publisher_url() -> str:
    """The address of the publisher's user: the environment's, else of the `impex up` that runs."""
    return configured_or_running(PUBLISHER)


async def publish_all(url: str, messages: Sequence[DossierMessage]) -> None:
    """Publish them under confirms, in their order by hundreds, as the user of `url`.

    DependencyDown or PublishNotConfirmed where the broker is away or refuses: some may have been
    published, and all may be said again.
    """
    link = BrokerConnection(url, "impex.send")
    await link.open(timeout=0)
    try:
        publisher = Publisher(link)
        for at in range(0, len(messages), MAX_UNCONFIRMED):
            await asyncio.gather(
                *(_publish(publisher, one) for one in messages[at : at + MAX_UNCONFIRMED])
            )
    finally:
        await link.close()


async def _publish(publisher: Publisher, one: DossierMessage) -> None:
    message_id, body = wrap(
        backoffice.OWNER,
        one.event,
        subject=one.account_id,
        now=utc_now(),
        message_id=one.message_id,
    )
    properties = Basic.Properties(
        content_type=CONTENT_TYPE,
        delivery_mode=2,
        message_id=message_id,
        message_type=one.event.TYPE,
    )
    await publisher.publish(body, properties, exchange=EVENTS, key=one.event.TYPE)
