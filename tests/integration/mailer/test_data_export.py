"""The data export of the mailer (B-11, GD-02)."""

import json
from datetime import timedelta

from services.mailer import data_export
from tests.support.harness.mailer import MailerHarness
from tests.support.mail.mail_server import MailServer
from tests.support.mail.sample_events import (
    ACCOUNT,
    CODE,
    OTHER,
    TOKEN,
    address_change,
    created,
    moved,
    now,
    reset,
)


async def test_b_11_the_export_lists_mails_with_address_and_result(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.state(await mailer.publish(created(), subject=ACCOUNT), "accepted")
        smtp.answer("RCPT", "550 5.1.1 no such user")
        await mailer.state(await mailer.publish(reset(), subject=ACCOUNT), "refused")
        other = created(address="jean@labo.example", first_name="Jean")
        await mailer.state(await mailer.publish(other, subject=OTHER), "accepted")
    document = await data_export.read(mailer.database, ACCOUNT)
    (entry,) = document["directory"]
    assert (entry["address"], entry["first_name"]) == ("pierre@labo.example", "Élodie")
    mails = {(row["kind"], row["state"], row["attempts"]) for row in document["mails"]}
    assert mails == {("finalisation", "accepted", 1), ("password_reset", "refused", 1)}
    first = document["mails"][0]
    assert first["told"]["first_name"] == "Élodie"
    assert "facts" not in first, "its data is there once, under the name that has a label"
    text = json.dumps(document, default=str)
    for foreign in (CODE, TOKEN, "jean@labo.example", OTHER):
        assert foreign not in text
    nobody = await data_export.read(mailer.database, "x")
    assert nobody == {"directory": [], "mails": []}


async def test_b_03_a_mail_to_an_unverified_address_does_not_reveal_its_account(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """None goes to an address that has an account: one's own data must not distinguish the two."""

    async def mails() -> list[tuple[str, str]]:
        document = await data_export.read(mailer.database, ACCOUNT)
        assert ("pierre@autre.example" in json.dumps(document, default=str)) == proved
        return sorted((row["kind"], row["address"]) for row in document["mails"])

    proved = False
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.state(await mailer.publish(created()), "accepted")
        await mailer.publish(address_change(code=None, new_address="held@labo.example"))
        await mailer.all_handled()
        held = await mails()
        await mailer.publish(address_change())
        await mailer.all_handled()
        assert await mails() == [held[0], *held]
        await mailer.publish(moved("pierre@autre.example", now() + timedelta(seconds=1)))
        await mailer.all_handled()
    proved = True
    assert {("new_address_code", "pierre@autre.example"), *held} < set(await mails())
