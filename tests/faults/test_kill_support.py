"""`kill -9` of support between a message to the desk and its mail: one number, mail and request."""

import asyncio
import re
from collections import Counter

import pytest

from tests.support import eventually
from tests.support.actors.http_browser import HttpBrowser
from tests.support.actors.retrying_registrant import messages_to
from tests.support.servers.fault_rig import FaultRig

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="package"),
]

WRITE = "/aide/ecrire"
PEOPLE = 6
NUMBER = re.compile(r"MSG-[A-Z2-7]{5}-[A-Z2-7]{5}")
COUNT = "select count(*) as n from support.requests where number = any($1)"


async def _write(browser: HttpBrowser, address: str) -> str:
    """« Nous écrire », without an account; the number that the page shows."""
    page = await browser.get(WRITE)
    given = {"text": f"Bonjour de {address}.", "name": "Anne Martin", "address": address}
    sent = await browser.post(page, WRITE, given)
    found = NUMBER.search(sent.text)
    assert found is not None, sent.text
    return found[0]


async def test_b_08_v_02_a_request_survives_a_kill_before_its_mail(ready_rig: FaultRig) -> None:
    """Each number that a page showed is one request of the queue and one mail, whatever was done
    when support died: the event not handled, or handled and its own event not published."""
    rig = ready_rig
    addresses = [f"lettre{position}@labo.example" for position in range(PEOPLE)]
    browsers = [HttpBrowser(rig.base) for _ in addresses]
    writing = [_write(*pair) for pair in zip(browsers, addresses, strict=True)]
    # What support is given while it is gone waits for it, and it dies again at its work.
    await rig.kill("support")
    numbers = await asyncio.gather(*writing)
    assert len(set(numbers)) == PEOPLE

    async def some_arrived() -> bool:
        (row,) = await rig.rows(COUNT, list(numbers))
        return bool(row["n"])

    await eventually(some_arrived, 60, every=0.002, why="support has received one")
    await rig.kill("support")
    await rig.supervisor.ready()

    async def all_mailed() -> bool:
        return all(messages_to(rig.smtp, address) for address in addresses)

    await eventually(all_mailed, 60, every=0.1, why="every person has a mail")
    await rig.queues_empty()
    await asyncio.gather(*(browser.close() for browser in browsers))

    rows = await rig.rows(
        "select number, state, (select count(*) from support.request_entries as entry"
        " where entry.number = request.number) as entries from support.requests as request"
        " where number = any($1)",
        list(numbers),
    )
    assert Counter(row["number"] for row in rows) == Counter(numbers)
    assert {(row["state"], row["entries"]) for row in rows} == {("received", 1)}
    for address, number in zip(addresses, numbers, strict=True):
        (mail,) = messages_to(rig.smtp, address)
        assert number in str(mail.message["Subject"]), mail.text()
