"""Changes of address and name, and validation: mails use the latest data."""

from datetime import timedelta

from shared.contracts.mailer import MailAccepted
from shared.contracts.mfa.events import AuthenticatorEnrolled
from shared.contracts.registration.events import AccountImported
from tests.support.harness.mailer import MailerHarness
from tests.support.mail.mail_server import MailServer
from tests.support.mail.sample_events import (
    ACCOUNT,
    CODE,
    OTHER,
    address_change,
    created,
    moved,
    now,
    renamed,
    validated,
)

SOON = timedelta(seconds=1)
OLD, NEW = "pierre@labo.example", "pierre@autre.example"


async def test_b_14_g_50_old_and_new_address_get_their_mails_once(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """A code that is sent again is not announced again; names go to a verified address only."""
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.state(await mailer.publish(created()), "accepted")
        await mailer.publish(address_change(), times=2)
        await mailer.emitted(MailAccepted, 3)
        await mailer.publish(address_change(again=True, language="en"))
        await mailer.emitted(MailAccepted, 4)
        await mailer.publish(moved(NEW, now() + SOON), times=2)
        await mailer.emitted(MailAccepted, 6)
        await mailer.all_handled()
    mails = smtp.messages[1:]
    sent = sorted((one.recipients[0], str(one.message["Subject"])) for one in mails)
    assert sent == [
        (NEW, "Nouvelle adresse de votre compte IMPEXWEB"),
        (NEW, "Votre code pour changer d'adresse"),
        (NEW, "Your code to change your email address"),
        (OLD, "Changement d'adresse demandé pour votre compte IMPEXWEB"),
        (OLD, "L'adresse de votre compte IMPEXWEB a changé"),
    ]
    texts = [one.text() for one in mails]
    assert ["Élodie" in text for text in texts] == [CODE not in text for text in texts]
    assert ["ce-n-est-pas-moi" in text for text in texts] == [CODE not in text for text in texts]


async def test_b_14_mq_01_mails_follow_name_and_address_and_an_older_change_undoes_nothing(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """An event that arrives before its account is known is retried."""

    async def known() -> tuple[str, ...]:
        await mailer.all_handled()
        query = "SELECT address, last_name, language FROM directory WHERE account_id = $1"
        return tuple(await mailer.database.fetchrow(query, ACCOUNT))

    start = now()
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(renamed("Third", start + 3 * SOON))
        await mailer.publish(moved("third@labo.example", start + 3 * SOON))
        assert mailer.waits() == ["5s", "5s"]
        await mailer.publish(created(created_at=start))
        await mailer.retry()
        assert await known() == ("third@labo.example", "Third", "fr")
        await mailer.publish(renamed("Second", start + 2 * SOON))
        await mailer.publish(moved("second@labo.example", start + 2 * SOON))
        await mailer.publish(created(created_at=start + SOON, language="en"))
        assert await known() == ("third@labo.example", "Third", "en")
        await mailer.publish(renamed("Fourth", start + 4 * SOON))
        await mailer.publish(moved("fourth@labo.example", start + 4 * SOON))
        assert await known() == ("fourth@labo.example", "Fourth", "en")
        await mailer.publish(created(created_at=start + 5 * SOON))
        assert await known() == (OLD, "O'Brien", "fr")


async def test_g_26_an_imported_account_is_known_and_gets_no_mail_for_it(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """Notices that follow reach it, by its name and in its language."""
    imported = AccountImported(
        address=OLD,
        first_name="Élodie",
        last_name="O'Brien",
        language="en",
        imported_at=now(),
    )
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(imported, times=2)
        enrolled = AuthenticatorEnrolled(enrolled_at=now())
        await mailer.state(await mailer.publish(enrolled), "accepted")
    (mail,) = smtp.messages
    assert mail.recipients == (OLD,)
    assert "Hello Élodie O'Brien" in mail.text()


async def test_an_address_or_name_that_no_mail_may_carry_is_dead_lettered_with_the_reason(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.state(await mailer.publish(created()), "accepted")
        await mailer.publish(renamed("Durand\r\nBcc: x@y.example", now()))
        assert "no mail may carry" in mailer.dead_reason()
        await mailer.publish(moved("a@b.example, c@d.example", now()))
        assert "not a valid e-mail address" in mailer.dead_reason()
        assert await mailer.database.fetchval("SELECT address FROM directory") == OLD


async def test_g_35_g_50_an_account_gets_one_confirmation(
    mailer: MailerHarness, smtp: MailServer
) -> None:
    """By the latest name, in the holder's language; retried until the account is known."""
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        await mailer.publish(created(address="other@labo.example"), subject=OTHER)
        await mailer.emitted(MailAccepted)
        await mailer.publish(renamed("Martin", now() + SOON), subject=OTHER)
        await mailer.all_handled()
        elsewhere = {"country": "BE", "city": "Namur\u00a0", "position": "other"}
        other = await mailer.publish(
            validated(**elsewhere, position_other="Personne qualifiée"), subject=OTHER
        )
        early = await mailer.publish(validated(), times=2)
        assert mailer.waits() == ["5s", "5s"]
        await mailer.publish(created(language="en"))
        await mailer.retry()
        rows = [await mailer.state(cause, "accepted") for cause in (early, other)]
        again = [
            await mailer.publish(validated()),
            await mailer.publish(validated(), subject=OTHER),
        ]
        await mailer.replay(early)
        await mailer.all_handled()
        assert [await mailer.row(cause) for cause in again] == [None, None]
        assert (await mailer.templates()).count("confirmation") == 2
    assert [row["template"] for row in rows] == ["confirmation"] * 2
    english, french = (
        next(one for one in smtp.messages if str(one.message["Subject"]).startswith(subject))
        for subject in ("Your IMPEXWEB account is complete", "Confirmation de création")
    )
    assert english.recipients == ("pierre@labo.example",)
    assert "Hello Élodie O'Brien," in english.text()
    assert "Pharmacie des Lilas, Lyon, France · Responsible pharmacist" in english.text()
    assert french.recipients == ("other@labo.example",)
    assert "Bonjour Élodie Martin," in french.text()
    assert "Pharmacie des Lilas, Namur, Belgique · Personne qualifiée" in french.text()
    assert "http://127.0.0.1:8080/accueil" in french.text()
