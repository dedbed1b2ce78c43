"""The push service as data: the composition root."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.push import store
from services.push.delivery_worker import DeliveryWorker
from services.push.partner_queues import REFRESH_SECONDS, PartnerQueues
from services.push.receiver_client import open_client
from services.push.settings import PushSettings
from shared.contracts.settings import DESCRIBE_SETTINGS
from shared.database import transaction
from shared.messaging.handlers import answers
from shared.runtime.service import Runtime, Service
from shared.runtime.settings_view import describe_settings

PURGE_SECONDS = 3_600


@asynccontextmanager
async def build(runtime: Runtime, settings: PushSettings) -> AsyncIterator[None]:
    """The worker that posts, and a connection for the queues of partners."""
    async with transaction(runtime.pool) as tx:
        await store.save_public_keys(tx, settings.keys)
    async with open_client(settings.networks, settings.ca_file, settings.base_url) as client:
        worker = DeliveryWorker(runtime, client, settings.keys, lambda: queues.partners)
        queues = PartnerQueues(runtime, settings.amqp_url, worker.wake)
        runtime.every(REFRESH_SECONDS, "receivers", queues.refresh)
        runtime.every(PURGE_SECONDS, "purge", worker.purge)
        runtime.background_task("worker", worker.run)
        runtime.on_drain(worker.stop)
        runtime.on_drain(queues.drain)
        try:
            yield
        finally:
            await queues.close()


SERVICE = Service(
    name="push",
    settings=PushSettings,
    build=build,
    migrations=Path(__file__).parent / "migrations",
    answers=(answers(DESCRIBE_SETTINGS["push"], describe_settings),),
    pushes_events=True,
)
