"""What the mailer holds about a person who asks (B-11, GD-02)."""

from __future__ import annotations

import json

from services.mailer import personal
from tests.integration.mailer.happenings import reset
from tests.integration.mailer.post_office import ACCOUNT, CODE, OTHER, TOKEN, PostOffice, created
from tests.support.mail_server import MailServer
from tests.support.system import System


async def test_b_11_which_mails_went_where_and_what_became_of_them(
    system: System, office: PostOffice, smtp: MailServer
) -> None:
    async with system.run("mailer", IMPEX_SMTP_URL=smtp.url):
        await office.state(await office.say(created(), subject=ACCOUNT), "accepted")
        smtp.answer("RCPT", "550 5.1.1 no such user")
        await office.state(await office.say(reset(), subject=ACCOUNT), "refused")
        other = created(address="jean@labo.example", first_name="Jean")
        await office.state(await office.say(other, subject=OTHER), "accepted")
    document = await personal.read(office.database, ACCOUNT)
    (entry,) = document["directory"]
    assert (entry["address"], entry["first_name"]) == ("pierre@labo.example", "Élodie")
    mails = {(row["kind"], row["state"], row["attempts"]) for row in document["mails"]}
    assert mails == {("finalisation", "accepted", 1), ("password_reset", "refused", 1)}
    text = json.dumps(document, default=str)
    for foreign in (CODE, TOKEN, "jean@labo.example", OTHER):
        assert foreign not in text
    nobody = await personal.read(office.database, "x")
    assert nobody == {"directory": [], "mails": []}
