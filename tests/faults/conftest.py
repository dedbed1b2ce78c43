"""Every service on servers that may be killed, shared by the tests of this folder."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from operations.local.processes import free_port
from tests.support.mail.mail_server import MailServer
from tests.support.push_receiver import Receiver
from tests.support.servers.certificates import Authority
from tests.support.servers.dedicated_servers import DedicatedServers, quorum_queues_saved
from tests.support.servers.desk import desk_settings
from tests.support.servers.fault_rig import SERVICES, FaultRig
from tests.support.servers.process_supervisor import ProcessSupervisor
from tests.support.servers.services import services
from tests.support.servers.system import System, gateway_settings


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def rig(
    dedicated_servers: DedicatedServers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[FaultRig]:
    """Every service in its own process, on dedicated servers."""
    dedicated_servers.ensure()
    test_servers = dedicated_servers.test_servers
    database, broker = test_servers.migrated(services()), test_servers.broker()
    system = System(database, broker, tmp_path_factory.mktemp("faults"))
    smtp = MailServer()
    await smtp.start()
    authority = Authority(tmp_path_factory.mktemp("authority"))
    receiver = Receiver(free_port(), authority.server_context())
    port = free_port()
    system.settings |= {
        **gateway_settings(port),
        **desk_settings(free_port()),
        "IMPEX_SMTP_URL": smtp.url,
        # Longer than a busy machine delays the mailer: an expired lease makes an attempt uncertain.
        "IMPEX_MAIL_LEASE": "10",
        "IMPEX_PUSH_NETWORKS": "127.0.0.1/32,::1/128",
        "IMPEX_PUSH_CA_FILE": str(authority.ca_file),
    }
    supervisor = ProcessSupervisor(system)
    async with supervisor.supervise(SERVICES):
        await quorum_queues_saved(dedicated_servers.rabbit, broker)
        made = FaultRig(
            system, dedicated_servers, supervisor, smtp, receiver, f"http://127.0.0.1:{port}"
        )
        yield made
        await asyncio.gather(*(one.close() for one in made.users))
    await smtp.stop()
    await receiver.stop()
    dedicated_servers.ensure()
    broker.admin.close()  # it may have been started again since it was last asked
    test_servers.drop(database)
    test_servers.delete(broker)


@pytest_asyncio.fixture(loop_scope="package")
async def ready_rig(rig: FaultRig) -> FaultRig:
    """The rig with everything running, whatever the previous test did to it."""
    rig.servers.ensure()
    await rig.supervisor.ready()
    return rig
