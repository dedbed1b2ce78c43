"""TLS, login and SMTPUTF8 towards the mail server (CR-05, EM-14)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from tests.support.harness.mailer import MailerHarness
from tests.support.mail.mail_server import MailServer
from tests.support.mail.sample_events import asked
from tests.support.servers.certificates import Authority

Factory = Callable[..., Awaitable[MailServer]]


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
async def test_cr_05_mails_are_sent_encrypted_under_a_trusted_certificate_and_a_login(
    mailer: MailerHarness,
    smtp_factory: Factory,
    authority: Authority,
    implicit: bool,
) -> None:
    server = await smtp_factory(
        tls=authority.server_context(), implicit_tls=implicit, login=("impex", "s3cret")
    )
    async with mailer.run(IMPEX_SMTP_URL=server.url, IMPEX_SMTP_CA_FILE=str(authority.ca_file)):
        await mailer.publish(asked())
        await mailer.emitted(MailAccepted)
    (received,) = server.messages
    assert (received.secure, received.login) == (True, "impex")


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
async def test_cr_05_an_unknown_certificate_is_refused_and_nothing_is_sent(
    mailer: MailerHarness,
    smtp_factory: Factory,
    authority: Authority,
    implicit: bool,
) -> None:
    server = await smtp_factory(tls=authority.server_context(), implicit_tls=implicit)
    async with mailer.run(IMPEX_SMTP_URL=server.url):
        cause = await mailer.publish(asked())
        (event,) = await mailer.emitted(MailDeferred)
        (attempt,) = await mailer.attempts(cause)
    assert event.reason == "unreachable"
    assert "certificate" in attempt["answer"].lower()
    assert server.messages == []


async def test_cr_05_a_certificate_of_another_host_is_refused(
    mailer: MailerHarness, smtp_factory: Factory, authority: Authority
) -> None:
    server = await smtp_factory(tls=authority.server_context("elsewhere.example"))
    async with mailer.run(IMPEX_SMTP_URL=server.url, IMPEX_SMTP_CA_FILE=str(authority.ca_file)):
        await mailer.publish(asked())
        await mailer.emitted(MailDeferred)
    assert server.messages == []


async def test_cr_05_a_server_without_starttls_gets_nothing_in_plain(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    url = smtp.url.replace("smtp://", "smtp+starttls://")
    async with mailer.run(IMPEX_SMTP_URL=url):
        cause = await mailer.publish(asked())
        await mailer.emitted(MailDeferred)
        (attempt,) = await mailer.attempts(cause)
    assert "STARTTLS" in attempt["answer"]
    assert smtp.messages == []


async def test_a_refused_login_holds_the_mails_until_it_is_repaired(
    mailer: MailerHarness, smtp_factory: Factory, authority: Authority
) -> None:
    server = await smtp_factory(tls=authority.server_context(), login=("impex", "right"))
    settings: dict[str, Any] = {"IMPEX_SMTP_CA_FILE": str(authority.ca_file)}
    wrong = server.url.replace(":right@", ":wrong@")
    async with mailer.run(IMPEX_SMTP_URL=wrong, **settings):
        cause = await mailer.publish(asked())
        (event,) = await mailer.emitted(MailDeferred)
    assert event.reason == "unreachable"
    async with mailer.run(IMPEX_SMTP_URL=server.url, **settings):
        await mailer.make_due(cause)
        await mailer.emitted(MailAccepted)
    assert await mailer.events(MailRefused) == []


async def test_em_14_an_accented_local_part_is_sent_where_smtputf8_is_offered(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(asked(address="élodie@labo.example"))
        await mailer.emitted(MailAccepted)
    (received,) = smtp.messages
    assert received.recipients == ("élodie@labo.example",)


async def test_em_14_an_accented_local_part_is_refused_where_it_is_not(
    mailer: MailerHarness, smtp_factory: Factory
) -> None:
    server = await smtp_factory(smtputf8=False)
    async with mailer.run(IMPEX_SMTP_URL=server.url):
        cause = await mailer.publish(asked(address="élodie@labo.example"))
        (event,) = await mailer.emitted(MailRefused)
        (attempt,) = await mailer.attempts(cause)
    assert event.reason == "refused"
    assert "SMTPUTF8" in attempt["answer"]
    assert server.messages == []
