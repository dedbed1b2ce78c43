"""Mails about what the desk decided: announced with a link, done, and the last one (P11 to P18)."""

import re
from datetime import timedelta

from shared.contracts.dossiers import DossiersTransferred
from shared.contracts.profile.events import InformationCorrected
from shared.contracts.registration.events import AccountFrozen, AddressReleased, NameChanged
from shared.contracts.support.acts import AnonymisationOrdered, ChangePlanned
from tests.support.harness.mailer import MailerHarness
from tests.support.mail.mail_server import MailServer
from tests.support.mail.sample_events import ACCOUNT, OTHER, TOKEN, created, now, sealed

PROPOSAL = "5e0c1f0a-1111-4b0e-9b0a-5b6f3f0f9d11"
CHANGES = '[["city", "Lyon", "Saint-Étienne"]]'


async def known(mailer: MailerHarness, account: str = ACCOUNT, **more: str) -> None:
    """The directory has the account, and its finalisation mail has left."""
    await mailer.state(await mailer.publish(created(**more), subject=account), "accepted")


async def test_b_14_a_change_is_announced_with_a_link_and_mailed_once_it_is_made(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    planned = ChangePlanned(
        proposal_id=PROPOSAL,
        act="change_name",
        reason="typing_error",
        planned_at=now(),
        due_at=now() + timedelta(hours=72),
        link_token=sealed(ChangePlanned, "link_token", TOKEN),
    )
    corrected = InformationCorrected(
        fields=("city",),
        changes=sealed(InformationCorrected, "changes", CHANGES),
        reason="typing_error",
        corrected_at=now(),
    )
    renamed = NameChanged(first_name="Zoé", last_name="Müller", by="desk", changed_at=now())
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        for event in (planned, corrected, renamed):
            await mailer.state(await mailer.publish(event, times=2), "accepted")
        await mailer.all_handled()
    announced, done, named = smtp.messages[1:]
    assert f"/opposition?jeton={TOKEN}" in announced.text()
    assert "Changement de nom prévu le" in announced.message["Subject"]
    assert "Ville : Lyon → Saint-Étienne" in done.text().replace("\u00a0", " ")
    assert "Zoé Müller" in named.text()
    assert {one.recipients for one in smtp.messages} == {("pierre@labo.example",)}


async def test_g_36_both_holders_of_a_transfer_get_a_mail(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    event = DossiersTransferred(
        transfer_id=PROPOSAL,
        from_account_id=ACCOUNT,
        to_account_id=OTHER,
        count=12,
        transferred_at=now(),
        undo_until=now() + timedelta(days=30),
    )
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        await known(mailer, OTHER, address="marie@labo.example")
        await mailer.publish(event, times=2)
        await mailer.all_handled()
        for account in (ACCOUNT, OTHER):
            cause = f"SELECT cause FROM deliveries WHERE subject = '{account}'"
            (row,) = await mailer.database.fetch(f"{cause} AND template = 'dossiers_transferred'")
            await mailer.state(row["cause"], "accepted")
    mails = smtp.messages[2:]
    assert {one.recipients for one in mails} == {("pierre@labo.example",), ("marie@labo.example",)}
    for one in mails:
        assert re.search(r"12 dossiers sont passés du compte p\*\*\*@labo\.example", one.text())


async def test_gd_02_the_last_mail_goes_and_nothing_names_the_holder_any_more(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    order = AnonymisationOrdered(
        proposal_id=PROPOSAL, reason="requested_by_person", ordered_at=now()
    )
    late = AccountFrozen(by="desk", desk_only=True, frozen_at=now())
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        await mailer.state(await mailer.publish(order), "accepted")
        await mailer.publish(late)
        await mailer.all_handled()
        last = "template <> 'account_anonymised'"
        rows = await mailer.database.fetch(f"SELECT t::text FROM deliveries t WHERE {last}")
        rows += await mailer.database.fetch("SELECT t::text FROM directory t")
    assert [one.message["Subject"] for one in smtp.messages[1:]] == ["Vos données sont effacées"]
    assert "pierre@labo.example" not in str(rows)
    assert "O'Brien" not in str(rows)


async def test_a_released_address_gets_one_last_mail(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await known(mailer)
        released = AddressReleased(released_at=now())
        await mailer.state(await mailer.publish(released), "accepted")
        await mailer.publish(AccountFrozen(by="desk", desk_only=True, frozen_at=now()))
        await mailer.all_handled()
    assert len(smtp.messages) == 2
