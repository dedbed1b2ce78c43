"""`impex mail`: held mails."""

import asyncio
import json

import pytest

from operations.cli import main
from tests.support.harness.mailer import MailerHarness
from tests.support.mail.mail_server import MailServer
from tests.support.mail.sample_events import created


async def impex(*words: str) -> int:
    """Run the command in a thread, as an operator would in another window."""

    def run() -> int:
        with pytest.raises(SystemExit) as end:
            main(["mail", *words])
        return int(end.value.code or 0)

    return await asyncio.to_thread(run)


async def test_an_operator_lists_sends_and_drops_held_mails(
    mailer: MailerHarness,
    smtp: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("IMPEX_MAILER_DATABASE_URL", mailer.url)
    assert await impex("held") == 0
    assert "No mail waits" in capsys.readouterr().out

    smtp.drop_after_data = 2
    async with mailer.run(IMPEX_SMTP_URL=smtp.url):
        causes = [await mailer.publish(created(address=f"p{n}@labo.example")) for n in range(2)]
        for cause in causes:
            await mailer.state(cause, "held")
        capsys.readouterr()
        assert await impex("held", "--json") == 0
        ids = {one["address"]: one["mail_id"] for one in json.loads(capsys.readouterr().out)}
        assert sorted(ids) == ["p0@labo.example", "p1@labo.example"]
        assert await impex("held") == 0
        assert "p0@labo.example" in capsys.readouterr().out

        assert await impex("send", ids["p0@labo.example"]) == 0
        assert await impex("drop", ids["p1@labo.example"]) == 0
        await mailer.state(causes[0], "accepted")
        await mailer.state(causes[1], "dropped")
        assert await impex("drop", ids["p1@labo.example"]) == 1
        assert await impex("send", "nonsense") == 2
    assert len(smtp.messages) == 3
