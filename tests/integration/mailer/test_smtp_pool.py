"""The few connections to the mail server: reused, closed when idle, replaced when broken."""

import pytest

from services.mailer.settings import MailServer as ServerSettings
from services.mailer.smtp import MAX_IDLE_SECONDS, SmtpPool, SmtpUnavailable
from tests.support.mail.mail_server import MailServer


class Clock:
    """Seconds that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def pool_to(smtp: MailServer, clock: Clock) -> SmtpPool:
    settings = ServerSettings(host="127.0.0.1", port=smtp.port, timeout=5, final_timeout=5)
    return SmtpPool(settings, clock)


async def test_a_connection_is_reused_until_it_has_been_idle_for_twenty_seconds(
    smtp: MailServer,
) -> None:
    clock = Clock()
    pool = pool_to(smtp, clock)
    async with pool.acquire():
        pass
    clock.now = MAX_IDLE_SECONDS - 1
    await pool.close_idle()
    async with pool.acquire():
        pass
    assert smtp.connections == 1
    clock.now += MAX_IDLE_SECONDS
    await pool.close_idle()
    async with pool.acquire():
        pass
    assert smtp.connections == 2
    await pool.close_idle(older_than=0)


async def test_a_connection_that_failed_is_not_used_again(smtp: MailServer) -> None:
    pool = pool_to(smtp, Clock())
    with pytest.raises(ZeroDivisionError):
        async with pool.acquire():
            raise ZeroDivisionError
    async with pool.acquire():
        pass
    assert smtp.connections == 2
    await pool.close_idle(older_than=0)


async def test_a_server_that_does_not_listen_is_unavailable(smtp: MailServer) -> None:
    pool = pool_to(smtp, Clock())
    await smtp.stop()
    with pytest.raises(SmtpUnavailable, match="mail server is unavailable"):
        async with pool.acquire():
            pass
