"""Purge of old records and codes, and an operator's own templates."""

from datetime import timedelta
from pathlib import Path

from services.mailer import store
from shared.contracts.mailer import MailAccepted
from tests.support.harness.mailer import MailerHarness
from tests.support.mail.mail_server import MailServer
from tests.support.mail.sample_events import CODE, asked, created, now

DAYS_30 = timedelta(days=30)


async def test_gd_03_records_are_purged_after_thirty_days(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        cause = await mailer.publish(asked())
        await mailer.emitted(MailAccepted)
        ended = (await mailer.state(cause, "accepted"))["ended_at"]
    assert await store.purge(mailer.database, ended + DAYS_30 - timedelta(minutes=1), DAYS_30) == 0
    assert await store.purge(mailer.database, ended + DAYS_30 + timedelta(minutes=1), DAYS_30) == 1
    assert await mailer.row(cause) is None
    assert await mailer.database.fetchval("SELECT count(*) FROM attempts") == 0


async def test_b_04_the_code_of_a_held_mail_is_erased_when_it_has_run_out(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    smtp.drop_after_data = 4
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        with_code = await mailer.publish(asked())
        without = await mailer.publish(created())
        for number in (1, 2):
            await mailer.uncertain(with_code, number)
            await mailer.make_due(with_code)
        await mailer.state(with_code, "held")
        await mailer.state(without, "held")
    await store.purge(mailer.database, now() + timedelta(hours=23), DAYS_30)
    assert (await mailer.row(with_code))["sealed"] is not None
    await store.purge(mailer.database, now() + timedelta(hours=25), DAYS_30)
    row = await mailer.row(with_code)
    assert (row["state"], row["reason"], row["sealed"]) == ("dropped", "expired", None)
    assert (await mailer.row(without))["state"] == "held"  # an operator may still decide


async def test_b_12_em_02_an_operators_text_is_sent_as_written_leading_dots_included(
    mailer: MailerHarness, smtp: MailServer, tmp_path: Path
) -> None:
    (tmp_path / "fr").mkdir()
    lines = ".un point\n..deux points\n.\nfin\n"
    (tmp_path / "fr" / "foot.j2").write_text(lines)
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_MAIL_TEMPLATES_DIR=str(tmp_path)):
        await mailer.publish(asked())
        await mailer.emitted(MailAccepted)
    (received,) = smtp.messages
    text = received.text().replace("\r\n", "\n")
    assert text.endswith(lines)
    assert CODE in text
    assert b"\n" not in received.raw.replace(b"\r\n", b"")
