"""A mail that the desk orders again goes as a new delivery, or it is said why not (B-05)."""

from datetime import timedelta
from uuid import uuid4

from services.mailer import account_mails
from shared.contracts.mailer import ActNotCarriedOut
from shared.contracts.registration.events import NameChanged
from shared.contracts.support.acts import MailResendOrdered
from tests.support.harness.mailer import MailerHarness
from tests.support.mail.mail_server import MailServer
from tests.support.mail.sample_events import ACCOUNT, OTHER, created, now, reset

MOVE = "UPDATE directory SET address = 'marie@labo.example' WHERE account_id = $1"


def order(mail_id: object) -> MailResendOrdered:
    return MailResendOrdered(
        proposal_id=str(uuid4()),
        reason="requested_by_person",
        ordered_at=now(),
        mail_id=str(mail_id),
    )


async def known(mailer: MailerHarness) -> None:
    await mailer.state(await mailer.publish(created(), subject=ACCOUNT), "accepted")


async def mail_of(mailer: MailerHarness, cause: str) -> str:
    (row,) = await mailer.fetch("SELECT mail_id FROM deliveries WHERE cause = $1", cause)
    return str(row["mail_id"])


async def refusals(mailer: MailerHarness) -> list[str]:
    found = await mailer.published(ActNotCarriedOut)
    assert {subject for _, subject, _ in found} <= {ACCOUNT}
    return [event.why for _, _, event in found]


async def test_b_05_the_same_mail_goes_again_once(mailer: MailerHarness, smtp: MailServer) -> None:
    renamed = NameChanged(first_name="Zoé", last_name="Müller", by="desk", changed_at=now())
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        smtp.answer("RCPT", "550 5.7.1 refused")
        first = await mailer.publish(renamed, subject=ACCOUNT)
        await mailer.state(first, "refused")
        again = order(await mail_of(mailer, first))
        cause = await mailer.publish(again, subject=ACCOUNT, times=2)
        await mailer.state(cause, "accepted")
        await mailer.all_handled()
    _, sent = smtp.messages
    assert sent.recipients == ("pierre@labo.example",)
    assert "Zoé Müller" in sent.text()
    rows = await mailer.fetch("SELECT state FROM deliveries WHERE template = 'name_changed'")
    assert sorted(row["state"] for row in rows) == ["accepted", "refused"]
    assert await refusals(mailer) == []


async def test_b_04_a_code_or_link_that_is_over_is_not_sent_again(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        cause = await mailer.publish(reset(), subject=ACCOUNT)
        await mailer.state(cause, "accepted")
        await mailer.publish(order(await mail_of(mailer, cause)), subject=ACCOUNT)
        await mailer.all_handled()
    assert await refusals(mailer) == ["secret_gone"]
    assert len(smtp.messages) == 2


async def test_b_05_the_list_of_mails_shows_which_cannot_be_sent_again(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """Before anybody orders it: what was sent with a code or link has it no more."""
    before = now() - timedelta(days=1)

    async def kept_back() -> dict[str, str]:
        mails = await account_mails.read(mailer.database, ACCOUNT, before, now())
        return {mail.template: mail.kept_back for mail in mails}

    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        await mailer.state(await mailer.publish(reset(), subject=ACCOUNT), "accepted")
        renamed = NameChanged(first_name="Zoé", last_name="Müller", by="desk", changed_at=now())
        await mailer.state(await mailer.publish(renamed, subject=ACCOUNT), "accepted")
        assert (await kept_back())["password_reset"] == "secret_gone"
        assert (await kept_back())["name_changed"] == ""
        await mailer.database.execute(MOVE, ACCOUNT)
        assert (await kept_back())["name_changed"] == "address_changed"


async def test_a_held_mail_goes_again_with_its_link_while_that_is_valid(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        smtp.answer("RCPT", "450 4.2.1 later")
        cause = await mailer.publish(reset(), subject=ACCOUNT)
        await mailer.state(cause, "deferred")
        mail_id = await mail_of(mailer, cause)
        await mailer.publish(order(mail_id), subject=ACCOUNT)
        await mailer.all_handled()
        assert await refusals(mailer) == ["being_sent"]
        hold = "UPDATE deliveries SET state = 'held', due_at = NULL, lease_until = NULL"
        await mailer.database.execute(f"{hold} WHERE mail_id = $1", mail_id)
        again = await mailer.publish(order(mail_id), subject=ACCOUNT)
        await mailer.state(again, "accepted")
        late = "UPDATE deliveries SET expires_at = $2 WHERE mail_id = $1"
        await mailer.database.execute(late, mail_id, now() - timedelta(seconds=1))
        await mailer.publish(order(mail_id), subject=ACCOUNT)
        await mailer.all_handled()
    assert await refusals(mailer) == ["being_sent", "secret_gone"]
    assert "?jeton=" in smtp.messages[-1].text()


async def test_nothing_goes_to_another_account_or_to_a_former_address(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        other = created(address="jean@labo.example", first_name="Jean")
        theirs = await mailer.publish(other, subject=OTHER)
        await mailer.state(theirs, "accepted")
        own = await mailer.fetch("SELECT mail_id FROM deliveries WHERE subject = $1", ACCOUNT)
        for mail_id in (await mail_of(mailer, theirs), uuid4()):
            await mailer.publish(order(mail_id), subject=ACCOUNT)
        await mailer.all_handled()
        assert await refusals(mailer) == ["unknown_mail"] * 2
        await mailer.database.execute(MOVE, ACCOUNT)
        await mailer.publish(order(own[0]["mail_id"]), subject=ACCOUNT)
        await mailer.all_handled()
    assert (await refusals(mailer))[-1] == "address_changed"
    assert len(smtp.messages) == 2
