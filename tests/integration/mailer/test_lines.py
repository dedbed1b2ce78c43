"""The few connections to the mail server: reused, closed when idle, thrown away when broken."""

import pytest

from services.mailer.settings import MailServer as Place
from services.mailer.smtp import MAX_IDLE_SECONDS, SmtpPool, SmtpUnavailable
from tests.support.mail.mail_server import MailServer


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def lines_to(smtp: MailServer, clock: Clock) -> SmtpPool:
    place = Place(host="127.0.0.1", port=smtp.port, timeout=5, final_timeout=5)
    return SmtpPool(place, clock)


async def test_a_connection_is_reused_until_it_has_been_idle_for_twenty_seconds(
    smtp: MailServer,
) -> None:
    clock = Clock()
    lines = lines_to(smtp, clock)
    async with lines.acquire():
        pass
    clock.now = MAX_IDLE_SECONDS - 1
    await lines.close_idle()
    async with lines.acquire():
        pass
    assert smtp.connections == 1
    clock.now += MAX_IDLE_SECONDS
    await lines.close_idle()
    async with lines.acquire():
        pass
    assert smtp.connections == 2
    await lines.close_idle(older_than=0)


async def test_a_connection_that_failed_is_not_used_again(smtp: MailServer) -> None:
    lines = lines_to(smtp, Clock())
    with pytest.raises(ZeroDivisionError):
        async with lines.acquire():
            raise ZeroDivisionError
    async with lines.acquire():
        pass
    assert smtp.connections == 2
    await lines.close_idle(older_than=0)


async def test_a_server_that_is_not_there_is_said_to_be_away(smtp: MailServer) -> None:
    lines = lines_to(smtp, Clock())
    await smtp.stop()
    with pytest.raises(SmtpUnavailable, match="mail server is away"):
        async with lines.acquire():
            pass
