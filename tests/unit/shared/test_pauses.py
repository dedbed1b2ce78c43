"""R-06: after a fault everything works again within ten seconds, however long it lasted."""

import pytest

from services.mailer import delivery_worker
from services.mailer.settings import MailerSettings
from shared.database import pool
from shared.messaging import connection, outbox_relay, queue_consumer, rpc_client
from shared.settings import specs

LEASE = next(
    field.default for field, spec in specs(MailerSettings) if spec.name == "IMPEX_MAIL_LEASE"
)


#: What may still be waited for, in seconds, when the fault ends, and what follows it.
@pytest.mark.parametrize(
    "waits",
    [
        pytest.param((connection.CONNECT_SECONDS, connection.MAX_PAUSE), id="connection"),
        pytest.param(
            (connection.MAX_PAUSE, queue_consumer.MAX_PAUSE, rpc_client.REOPEN_PAUSE), id="consumer"
        ),
        pytest.param((pool.CONNECT_SECONDS, queue_consumer.MAX_PAUSE), id="database"),
        pytest.param((outbox_relay.MAX_WAIT, outbox_relay.POLL), id="outbox"),
        pytest.param(
            (delivery_worker.MAX_PROBE_SECONDS, delivery_worker.POLL_SECONDS), id="mail server"
        ),
        pytest.param((LEASE, delivery_worker.POLL_SECONDS), id="mails of a killed mailer"),
    ],
)
def test_r_06_no_pause_outlasts_a_fault_by_ten_seconds(waits: tuple[float, ...]) -> None:
    assert sum(waits) < 10
