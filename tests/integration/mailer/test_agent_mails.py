"""Mails to agents of the desk: invitations, new colleagues, acts, their own accounts' security."""

from datetime import timedelta

from shared.contracts.mfa.events import (
    AuthenticatorEnrolled,
    AuthenticatorRemoved,
    AuthenticatorReplaced,
    CodeCheckLocked,
)
from shared.contracts.support.acts import (
    ActStopAnnounced,
    ApprovalRequested,
    SingleAgentActAnnounced,
)
from shared.contracts.support.agents import (
    AgentAccepted,
    AgentEndAnnounced,
    AgentInvited,
    AgentSessionsEnded,
    AgentSignInRefused,
)
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


async def test_az_04_supervisors_read_what_stopped_with_an_agent_s_access(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    ended = AgentEndAnnounced(
        recipient="paule.chef@ansm.example", language="en", address="luc.agent@ansm.example",
        state="suspended", by="Serge Petit", acts=("ACT-7", "TEL-2B7F-9KQ4"), requests=(),
        ended_at=now(),
    )  # fmt: skip
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_DESK_BASE_URL=DESK):
        await mailer.state(await mailer.publish(ended, subject=AGENT), "accepted")
    (mail,) = smtp.messages
    assert mail.recipients == ("paule.chef@ansm.example",)
    text = mail.text()
    assert "Serge Petit suspended the access of luc.agent@ansm.example" in " ".join(text.split())
    assert "Actions stopped: ACT-7, TEL-2B7F-9KQ4" in text
    assert "Requests given back: none" in text


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


async def test_b_05_a_colleague_s_limit_of_a_day_is_a_mail_of_its_own(
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
    assert subject == "Accord demandé : Luc Bernard, limite du jour atteinte"
    assert "Luc Bernard a atteint la limite du jour" in mail.text()
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


async def test_au_07_an_agent_gets_a_mail_when_phone_or_password_change_or_tries_are_locked(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    at, until = now(), now() + timedelta(minutes=5)
    refused = AgentSignInRefused(network="192.0.2.0/24", refused_at=at, locked_until=until)
    told = (
        AuthenticatorEnrolled(enrolled_at=at),
        AuthenticatorReplaced(by="phone", replaced_at=at, device="Firefox, Windows"),
        AuthenticatorRemoved(removed_at=at),
        CodeCheckLocked(kind="totp", locked_at=at, locked_until=until),
        AgentSessionsEnded(reason="password_changed", by=AGENT, ended_at=at),
        *(refused,) * 3,
    )
    untold = (
        AgentSessionsEnded(reason="role_changed", by=OTHER, ended_at=at),
        AgentSignInRefused(network="192.0.2.0/24", refused_at=at),
        # The fourth of a day.
        refused,
    )
    async with mailer.run(IMPEX_SMTP_URL=smtp.url, IMPEX_DESK_BASE_URL=DESK):
        await mailer.state(await mailer.publish(invited(), subject=AGENT), "accepted")
        await mailer.state(await mailer.publish(created(), subject=OTHER), "accepted")
        smtp.messages.clear()
        for event in told:
            await mailer.state(await mailer.publish(event, subject=AGENT), "accepted")
        for event in untold:
            await mailer.publish(event, subject=AGENT)
        await mailer.publish(refused, subject=None)
        await mailer.publish(AuthenticatorEnrolled(enrolled_at=at), subject=OTHER)
        await mailer.all_handled()
        sent = await mailer.database.fetch("SELECT template, subject::text FROM deliveries")
    sentences = (
        "Un téléphone a été enrôlé pour votre compte du secrétariat",
        "Un nouveau téléphone a été enrôlé pour votre compte du secrétariat",
        "Le téléphone de votre compte du secrétariat a été retiré",
        "Quelqu'un a saisi votre mot de passe du secrétariat, puis des codes",
        "Le mot de passe de votre compte du secrétariat a été changé",
        *("Quelqu'un a saisi votre adresse et des mots de passe incorrects",) * 3,
    )
    for mail, sentence in zip(smtp.messages, sentences, strict=False):
        assert sentence in " ".join(mail.text().split())
    for mail in smtp.messages[:8]:
        assert mail.recipients == ("luc.agent@ansm.example",)
        assert f"{DESK}/moi\r\n" in mail.text()
        assert "Prévenez tout de suite une personne de la supervision" in " ".join(
            mail.text().split()
        )
        assert "ce-n-est-pas-moi" not in mail.text()
    of_agent = [row["template"] for row in sent if row["subject"] == AGENT]
    assert sorted(of_agent) == [
        "agent_invited",
        *["agent_notice"] * 5,
        *["agent_sign_in_locked"] * 3,
    ]
    assert ("phone_enrolled", OTHER) in {tuple(row) for row in sent}
