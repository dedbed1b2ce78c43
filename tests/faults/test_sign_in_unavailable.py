"""Signing in during an outage of broker or database, and a lock that survives a restart."""

import asyncio
import time

import pytest

from tests.support.actors.http_browser import HttpResponse
from tests.support.actors.retrying_account_holder import RetryingAccountHolder
from tests.support.servers.fault_rig import FaultRig
from tests.support.servers.portal import PASSWORD

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="package"),
]

UNAVAILABLE = "Ce service ne répond pas"
READABLE = ("/aide", "/aide/nouveau-telephone", "/conditions", "/connexion", "/telephone-perdu")

Fields = dict[str, str]


async def _signing_in(
    rig: FaultRig,
) -> tuple[RetryingAccountHolder, Fields, RetryingAccountHolder, Fields]:
    """One person at the password, and one at the code."""
    first, second = rig.account_holder(), rig.account_holder()
    await asyncio.gather(first.settle(), second.settle())
    first.another_browser()
    second.another_browser()
    password = await first.fields("/connexion", address=first.address, password=PASSWORD)
    page = await second.give_password()
    return first, password, second, page.form("/connexion/code") | {"code": second.shown.code(1)}


async def _refused(one: RetryingAccountHolder, action: str, given: Fields) -> HttpResponse:
    """Pressed during an outage: 503, with a text and when to try again."""
    answer = await one.browser.send_form(action, given, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status == 503, answer.text
    assert UNAVAILABLE in answer.text
    assert answer.headers["Retry-After"] == "30"
    assert PASSWORD not in answer.html
    return answer


@pytest.mark.parametrize("target", ["broker", "database"])
async def test_b_08_mq_06_g_40_signing_in_works_after_an_outage(
    ready_rig: FaultRig, target: str
) -> None:
    """The address is returned, nothing is counted, the same press works afterwards; help stays
    available.
    """
    rig = ready_rig
    first, password, second, code = await _signing_in(rig)
    server = rig.servers.rabbit if target == "broker" else rig.servers.postgres
    server.kill()
    try:
        form, _ = await asyncio.gather(
            _refused(first, "/connexion", password),
            _refused(second, "/connexion/code", code),
        )
        returned = form.form("/connexion")
        assert (returned["address"], returned["password"]) == (first.address, "")
        assert returned["key"] == password["key"]
        for path in READABLE:
            assert (await first.browser.get(path)).status == 200, path
    finally:
        server.start()
    await rig.back(target)
    if code["code"] not in {second.shown.code(steps) for steps in (0, 1)}:
        code |= {"code": second.shown.code(1)}  # a busy machine took its time
    taken, home = await asyncio.gather(
        first.press("/connexion", returned | {"password": PASSWORD}),
        second.press("/connexion/code", code),
    )
    assert taken.location == "/connexion/code"
    # A service that has just restarted may be too slow to report whether the information is
    # validated: the home page then shows what is left to do.
    assert home.location in ("/informations", "/accueil")
    page = await first.open("/connexion/code")
    await first.press("/connexion/code", page.form(page.path) | {"code": first.shown.code(1)})
    assert (await first.open("/accueil")).path == "/accueil"
    await rig.queues_empty()
    for one in (first, second):
        assert set(one.subjects().values()) == {1}, one.subjects()


async def test_g_24_the_lock_of_codes_survives_a_restart(ready_rig: FaultRig) -> None:
    """AU-02, AU-03: after five wrong codes a killed service has lost none of them."""
    rig = ready_rig
    one = rig.account_holder()
    await one.settle()
    one.another_browser()
    page = await one.give_password()
    for _ in range(5):
        locked = time.monotonic()
        page = await one.browser.post(page, "/connexion/code", {"code": one.shown.wrong()})
    assert (page.status, page.headers["Retry-After"]) == (429, "90"), page.text
    await rig.kill("mfa")
    await rig.supervisor.ready()
    page = await one.browser.post(page, "/connexion/code", {"code": one.shown.code(1)})
    assert page.status == 429, page.text
    # Neither shortened nor restarted by the kill, however long the restart took.
    assert 90 - (time.monotonic() - locked) - 1 <= int(page.headers["Retry-After"]) <= 90
    assert "Trop de codes refusés" in page.text
