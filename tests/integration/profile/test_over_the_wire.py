"""The service over the broker: it repeats a lookup through its own event (SI-07)."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from services.profile import directory
from shared.contracts.base import REQUESTS
from shared.contracts.profile.events import OWNER
from shared.contracts.profile.requests import DescribeProfile, SaveProfile
from shared.database import open_pool
from shared.messaging import topology
from shared.messaging.errors import RequestTimeout
from shared.messaging.service_bus import ServiceBus
from shared.runtime.service import utc_now
from shared.security.seal_keys import SealRing
from shared.security.sealing import Sealer, seal_context
from tests.support import eventually
from tests.support.harness.profile import warnings_of
from tests.support.harness.profile_forms import FRENCH, but
from tests.support.servers.company_directory import CLOSED, company_directory, responds
from tests.support.servers.services import principals, services
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System

#: Starting a service takes long on a busy machine.
pytestmark = pytest.mark.timeout(300)


async def ask(bus: ServiceBus, request: Any, key: str | None = None) -> Any:
    """The reply; repeats the request, with the same key, until the service replies in time."""
    for _ in range(20):
        try:
            return await bus.rpc_client.ask(request, idempotency_key=key)
        except RequestTimeout:
            continue
    raise AssertionError(f"{request.TYPE} was not answered")


async def test_si_07_a_lookup_is_repeated_through_the_retry_queues(
    test_servers: TestServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = {"5s": 100, "30s": 200, "2m": 300, "10m": 400, "1h": 500}
    monkeypatch.setattr(topology, "RETRY_DELAYS", steps)
    monkeypatch.setattr(directory, "PAUSE_SECONDS", 0.0)
    database, broker = test_servers.migrated(services()), test_servers.broker(principals())
    system = System(database, broker, tmp_path)
    pool = await open_pool(database.url("gateway"), "gateway", "tests", 2)
    asks = tuple(each for each in REQUESTS.values() if each.OWNER == OWNER)
    bus = ServiceBus("gateway", broker.url("gateway"), pool, clock=utc_now, asks=asks)
    keys = SealRing.parse(system.environment("profile")["IMPEX_SEAL_KEYS_PROFILE"])
    form = msgspec.json.encode(but(FRENCH, siret=CLOSED)).decode()
    account = str(uuid4())
    saving = SaveProfile(
        account_id=account,
        fields=Sealer("profile", keys).seal(form, seal_context(SaveProfile, "fields")),
        terms_version="1",
    )
    async with company_directory() as server:
        server.turns = [responds(503), responds(503), responds(404), responds(302, Location="/")]
        async with system.run("profile", IMPEX_DIRECTORY_URL=server.url):
            await bus.start(None, timeout=60)
            await eventually(lambda: bus.ready[0], why="the gateway is connected")
            saved = await ask(bus, saving, "save")
            assert warnings_of(saved) == [("siret", "check_deferred")]

            async def checked() -> bool:
                request = DescribeProfile(account_id=account)
                return warnings_of(await ask(bus, request)) == [("siret", "closed")]

            await eventually(checked, 60, every=0.1, why="the lookup was repeated")
            assert broker.depths().get("profile.dead", 0) == 0
            await bus.drain(2)
        assert set(server.sirets) == {CLOSED}
    await pool.close()
    test_servers.delete(broker)
    test_servers.drop(database)
