"""Mails to agents of the desk: invitations, new colleagues, and no notice about their accounts."""

from datetime import timedelta

from shared.contracts.mfa.events import AuthenticatorEnrolled
from shared.contracts.support.acts import (
    ActStopAnnounced,
    ApprovalRequested,
    SingleAgentActAnnounced,
)
from shared.contracts.support.agents import AgentAccepted, AgentInvited
from shared.contracts.support.journal import JournalExportReady
from tests.support.harness.mailer import MailerHarness
from tests.support.mail.mail_server import MailServer
from tests.support.mail.sample_events import OTHER, TOKEN, created, now, sealed

AGENT = "2c5ea4c0-4067-41e9-8bad-9b1deb4d3b7d"
DESK = "https://desk.example"


def invited(kind: str = "invitation") -> AgentInvited:
    """An agent who was agreed to."""
    return AgentInvited(
        kind=kind,
        address="luc.agent@ansm.example",
        language="fr",
        role="supervisor",
        by="Paule Martin",
        link_token=sealed(AgentInvited, "link_token", TOKEN),
        requested_at=now(),
        expires_at=now() + timedelta(hours=48),
    )


def accepted() -> AgentAccepted:
    """What another supervisor is told of it."""
    return AgentAccepted(
        recipient="paule.chef@ansm.example",
        language="en",
        address="luc.agent@ansm.example",
        role="supervisor",
        proposed_by="Paule Martin",
        approved_by="",
        accepted_at=now(),
    )


async def test_re_07_an_invitation_leads_to_the_desk_and_its_token_is_stored_nowhere(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_DESK_BASE_URL=DESK):
        await mailer.state(await mailer.publish(invited(), subject=AGENT), "accepted")
        await mailer.state(await mailer.publish(accepted(), subject=AGENT), "accepted")
        rows = str(await mailer.database.fetch("SELECT t::text FROM deliveries t"))
    invitation, notice = smtp.messages
    assert f"{DESK}/invitation?jeton={TOKEN}" in invitation.text()
    assert "Paule Martin vous invite" in invitation.text()
    assert TOKEN not in rows
    assert f"{DESK}/assistance/equipe" in notice.text()
    assert notice.recipients == ("paule.chef@ansm.example",)


async def test_a_mail_about_an_act_leads_to_its_page(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    named = {"proposal_id": AGENT, "act": "change_address", "number": "ACT-7"}
    to = {"address": "luc.agent@ansm.example", "language": "fr"}
    day = now() + timedelta(days=7)
    events = (
        ApprovalRequested(**named, **to, proposed_at=now(), expires_at=day),
        ActStopAnnounced(**named, **to, by="link", stopped_at=now()),
        SingleAgentActAnnounced(**named, **to, approved_at=now(), due_at=day),
    )
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_DESK_BASE_URL=DESK):
        for event in events:
            await mailer.state(await mailer.publish(event, subject=AGENT), "accepted")
    assert len(smtp.messages) == len(events)
    for mail in smtp.messages:
        assert f"{DESK}/assistance/approbations/{AGENT}\r\n" in mail.text()


async def test_b_05_a_colleague_s_hundred_accounts_are_a_mail_of_their_own(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    asked = ApprovalRequested(
        proposal_id=AGENT, act="view_more_accounts", number="ACT-7",
        address="paule.chef@ansm.example", language="fr", proposed_by="Luc Bernard",
        proposed_at=now(), expires_at=now() + timedelta(days=7),
    )  # fmt: skip
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_DESK_BASE_URL=DESK):
        await mailer.state(await mailer.publish(asked, subject=AGENT), "accepted")
    (mail,) = smtp.messages
    subject = str(mail.message["Subject"]).replace("\u00a0", " ")
    assert subject == "Accord demandé : Luc Bernard, plus de 100 comptes"
    assert "Luc Bernard a ouvert 100 comptes dans la journée" in mail.text()
    assert f"{DESK}/assistance/approbations/{AGENT}\r\n" in mail.text()


async def test_gd_05_an_export_that_was_agreed_to_is_announced_without_a_file(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    ready = JournalExportReady(
        proposal_id=AGENT, address="luc.agent@ansm.example", language="fr",
        approved_by="Paule Martin", made_at=now(), expires_at=now() + timedelta(days=7),
    )  # fmt: skip
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_DESK_BASE_URL=DESK):
        await mailer.state(await mailer.publish(ready, subject=AGENT), "accepted")
    (mail,) = smtp.messages
    assert "Accordé par : Paule Martin" in mail.text().replace("\u00a0", " ")
    assert f"{DESK}/assistance/journal/exports" in mail.text()
    assert not list(mail.message.iter_attachments())


async def test_an_agent_s_second_factor_brings_no_mail_of_the_portal(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.state(await mailer.publish(invited(), subject=AGENT), "accepted")
        await mailer.publish(AuthenticatorEnrolled(enrolled_at=now()), subject=AGENT)
        await mailer.state(await mailer.publish(created(), subject=OTHER), "accepted")
        await mailer.publish(AuthenticatorEnrolled(enrolled_at=now()), subject=OTHER)
        await mailer.all_handled()
        sent = await mailer.database.fetch("SELECT template, subject::text FROM deliveries")
    assert ("phone_enrolled", AGENT) not in {tuple(row) for row in sent}
    assert ("phone_enrolled", OTHER) in {tuple(row) for row in sent}
    assert len(await mailer.database.fetch("SELECT FROM directory WHERE agent")) == 1
