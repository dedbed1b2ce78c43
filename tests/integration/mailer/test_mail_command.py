"""`impex mail`: the mails that were not accepted, and sending them again."""

import asyncio
import json

import pytest

from operations.cli import main
from operations.local.processes import free_port
from services.mailer.operator_mails import MailCounts, count_mails, list_mails
from tests.support.harness.mailer import MailerHarness
from tests.support.mail.mail_server import MailServer
from tests.support.mail.sample_events import asked, created

WHY = ("--reason", "it arrived")


async def impex(*words: str) -> int:
    """Run the command in a thread, as an operator would in another window."""

    def run() -> int:
        with pytest.raises(SystemExit) as end:
            main(["mail", *words])
        return int(end.value.code or 0)

    return await asyncio.to_thread(run)


@pytest.fixture
def operator(mailer: MailerHarness, monkeypatch: pytest.MonkeyPatch) -> MailerHarness:
    """The command finds the mailer's schema; `tests/operations` has the journal too."""
    monkeypatch.setenv("IMPEX_MAILER_DATABASE_URL", mailer.url)
    monkeypatch.setattr("operations.operate.acts.record", lambda *_args, **_fields: None)
    return mailer


async def test_an_operator_lists_sends_and_drops_held_mails(
    operator: MailerHarness, smtp: MailServer, capsys: pytest.CaptureFixture[str]
) -> None:
    mailer = operator
    assert await impex("list") == 0
    assert "No mail waits" in capsys.readouterr().out

    smtp.drop_after_data = 2
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        causes = [await mailer.publish(created(address=f"p{n}@labo.example")) for n in range(2)]
        for cause in causes:
            await mailer.state(cause, "held")
        capsys.readouterr()
        assert await impex("list", "--state", "held", "--json") == 0
        ids = {one["address"]: one["mail_id"] for one in json.loads(capsys.readouterr().out)}
        assert sorted(ids) == ["p0@labo.example", "p1@labo.example"]
        assert await impex("list", "--to", "P0@labo.example") == 0
        table = capsys.readouterr().out
        assert ids["p0@labo.example"][:8] in table
        assert "p1@labo.example" not in table

        assert await impex("send", ids["p0@labo.example"][:8]) == 0
        line = json.loads(capsys.readouterr().err.splitlines()[-1])
        assert (line["action"], line["mail_id"]) == ("mail_sent_again", ids["p0@labo.example"])
        assert await impex("drop", ids["p1@labo.example"], *WHY) == 0
        await mailer.state(causes[0], "accepted")
        await mailer.state(causes[1], "dropped")
        assert await impex("drop", ids["p1@labo.example"], *WHY) == 1
        assert await impex("send", ids["p0@labo.example"]) == 1
        assert await impex("send", "nonsense") == 2
        assert await impex("send") == 2
        assert await impex("send", "0198c0de-0000-7000-8000-000000000009") == 1
    assert len(smtp.messages) == 3


async def test_o_08_refused_mails_are_counted_listed_and_sent_again_since_a_moment(
    operator: MailerHarness, smtp: MailServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """O-08: with the server's words; a code is deleted with the refusal, so its mail stays."""
    mailer = operator
    smtp.answer("RCPT", *["554 5.7.1 blocked \x1b[31mlist"] * 3)
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        notices = [await mailer.publish(created(address=f"p{n}@labo.example")) for n in range(2)]
        code = await mailer.publish(asked())
        for cause in (*notices, code):
            await mailer.state(cause, "refused")
        counts = await count_mails(mailer.database)
        assert (counts.states["refused"], counts.unsendable) == (3, 1)
        capsys.readouterr()
        assert await impex("list", "--state", "refused") == 0
        table = capsys.readouterr().out
        assert "blocked" in table
        assert "\x1b" not in table
        refused = await list_mails(mailer.database, state="refused")
        (secret,) = (str(one.mail_id) for one in refused if not one.sendable)
        assert await impex("show", secret) == 0
        shown = capsys.readouterr().out
        assert "554 5.7.1 blocked  [31mlist" in shown
        assert await impex("send", secret) == 1
        assert "code or link was deleted" in capsys.readouterr().out

        assert await impex("send", "--all-refused-since", "yesterday") == 2
        assert await impex("send", "--all-refused-since", "1h") == 0
        printed = capsys.readouterr().out
        assert "2 mails go out again." in printed
        assert "1 cannot be" in printed
        for cause in notices:
            await mailer.state(cause, "accepted")
        assert await impex("send", "--all-refused-since", "1h") == 1, "none twice"
    assert sorted(str(one.message["To"]) for one in smtp.messages) == [
        "p0@labo.example",
        "p1@labo.example",
    ]


async def test_o_08_deferred_mails_are_listed_with_their_next_try(
    operator: MailerHarness, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mail server is away: nothing is lost, and an operator sees what waits."""
    async with operator.run(IMPEX_SMTP_URL=f"smtp://127.0.0.1:{free_port()}"):
        cause = await operator.publish(created())
        await operator.state(cause, "deferred")
        states = {"waiting": 0, "deferred": 1, "refused": 0, "held": 0}
        assert await count_mails(operator.database) == MailCounts(states=states, unsendable=0)
        capsys.readouterr()
        assert await impex("list", "--since", "1h", "--json") == 0
        (one,) = json.loads(capsys.readouterr().out)
        assert (one["state"], one["reason"], one["sendable"]) == ("deferred", "unreachable", True)
        assert one["next_try_at"] > one["written_at"]
        assert await impex("drop", one["mail_id"], *WHY) == 0
        await operator.state(cause, "dropped")
