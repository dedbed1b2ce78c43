"""A partner in Python: publishes a dossier, and hears which accounts are validated.

    python partner.py hear [COUNT]
    python partner.py publish ACCOUNT

`IMPEX_PARTNER_AMQP_URL` is the address that `impex partner add` printed, with user and password.
"""

import asyncio
import json
import os
import sys
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

URL = os.environ.get("IMPEX_PARTNER_AMQP_URL") or sys.exit(__doc__)
NAME = unquote(urlsplit(URL).username or "")
VALIDATED = "profile.AccountValidated.v1"
FILED = "backoffice.DossierFiled.v1"


async def publish(account: str) -> None:
    """File one dossier of an account."""
    dossier, now = uuid.uuid4().hex[:12], datetime.now(UTC).isoformat()
    data = {
        "dossier_id": f"d-{dossier}",
        "version": 1,
        "kind": "AI",
        "number": f"AI-{dossier}",
        "establishment": "Pharmacie des Lilas",
        "medicine": "Élinoxa",
        "dosage": "500 mg",
        "pharmaceutical_form": "gélule",
        "filed_at": now,
    }
    message_id = str(uuid.uuid4())
    envelope = {
        "specversion": "1.0",
        "id": message_id,
        "source": f"impex/{NAME}",
        "type": FILED,
        "subject": account,
        "time": now,
        "data": data,
    }
    message = aio_pika.Message(
        json.dumps(envelope).encode(),
        message_id=message_id,
        type=FILED,
        user_id=NAME,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        content_type="application/cloudevents+json",
    )
    async with await aio_pika.connect(URL, heartbeat=15) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange("impex.events", ensure=False)
        # Returns with the broker's confirm. Without one: again, with the same id.
        await exchange.publish(message, routing_key=FILED)
    print(f"published {FILED}: dossier {data['dossier_id']} of account {account}")


async def hear(count: int) -> None:
    """Print every validated account; `count` ends it after so many, 0 never."""
    handled: set[str] = set()  # A real program stores these ids with what it did.
    async with await aio_pika.connect(URL, heartbeat=15) as connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=20)
        queue = await channel.get_queue(f"{NAME}.events", ensure=False)
        print(f"hearing {queue.name}", flush=True)
        async with queue.iterator() as messages:
            async for message in messages:
                if (event := read(message)) is None:
                    # For the dead letters, where an operator sees it.
                    await message.reject(requeue=False)
                    continue
                if event["type"] == VALIDATED and event["id"] not in handled:
                    print(
                        f"account {event['subject']} is validated: {event['data']['company_name']}"
                    )
                    handled.add(event["id"])
                await message.ack()
                if count and len(handled) >= count:
                    return


def read(message: AbstractIncomingMessage) -> dict[str, Any] | None:
    """The event, where its owner published it; or an operator, or we ourselves, sent it again."""
    event = json.loads(message.body)
    owner = event["type"].partition(".")[0]
    return event if message.user_id in (owner, "operator", "operations", NAME) else None


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["publish", account] if account:
            asyncio.run(publish(account))
        case ["hear", *words] if not words or words[0].isdecimal():
            asyncio.run(hear(int(words[0]) if words else 0))
        case _:
            sys.exit(__doc__)
