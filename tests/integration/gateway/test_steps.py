"""The order of steps, and requests while typing, with their limits."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from shared.contracts.registration.requests import DescribeRequest
from shared.messaging.message_metrics import REQUESTS
from tests.support.actors.http_browser import HttpBrowser
from tests.support.servers.portal import PASSWORD, Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize("due", ["validation", "terms", "created"])
async def test_au_13_steps_are_taken_in_their_order(
    portal: Portal, browser: HttpBrowser, address: str, due: str
) -> None:
    home = {
        "validation": "/inscription/validation",
        "terms": "/inscription/conditions",
        "created": "/inscription/creation",
    }
    if due == "validation":
        await portal.asked(browser, address)
    else:
        await portal.proved(browser, address)
    if due == "created":
        page = await browser.get("/inscription/conditions")
        await browser.post(page, "/inscription/conditions", {"accept": "1"})
    for path in (
        "/inscription/validation",
        "/inscription/adresse",
        "/inscription/adresse-validee",
        "/inscription/conditions",
        "/inscription/creation",
    ):
        page = await browser.get(path)
        itself = due == "terms" and path == "/inscription/adresse-validee"
        itself = itself or (due == "validation" and path == "/inscription/adresse")
        assert page.path == (path if itself else home[due])
    stranger = await portal.browser().get("/inscription/conditions")
    assert stranger.path == "/connexion"


def _described() -> float:
    """How many pages have asked for the state of a request."""
    (metric,) = REQUESTS.collect()
    return sum(
        one.value
        for one in metric.samples
        if one.name == "impex_requests_total" and one.labels["type"] == DescribeRequest.TYPE
    )


async def test_the_page_that_an_act_leads_to_shows_what_the_act_answered(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    """It asks only when it is opened again."""
    before = _described()
    page = await portal.asked(browser, address)
    assert (page.path, _described() - before) == ("/inscription/validation", 0)
    page = await browser.get("/inscription/validation")
    assert (page.path, _described() - before) == ("/inscription/validation", 1)
    code = (await portal.sent_mails.to(address)).code
    page = await browser.post(page, "/inscription/validation", {"code": code})
    assert (page.path, _described() - before) == ("/inscription/adresse-validee", 1)


def _typed(address: str) -> dict[str, str]:
    person = {"first_name": "Pierre", "last_name": "Durand", "password": PASSWORD}
    return {**person, "address": address}


@pytest.mark.parametrize("seconds", [0, 3])
async def test_a_form_that_is_sent_again_does_not_bring_its_old_state_back(
    portal: Portal, browser: HttpBrowser, address: str, seconds: int
) -> None:
    """Its reply is the stored one: from before the address was proved."""
    form, filled = await browser.get("/inscription"), _typed(address)
    page = await browser.post(form, "/inscription", filled)
    code = (await portal.sent_mails.to(address)).code
    await browser.post(page, "/inscription/validation", {"code": code})
    portal.clock.advance(seconds=seconds)
    page = await browser.post(form, "/inscription", filled)
    assert page.path == "/inscription/conditions"


async def test_after_a_refusal_the_page_asks(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    """What the form was answered is from before the wrong code."""
    page = await browser.get("/inscription")
    await browser.post(page, "/inscription", _typed(address), follow=False)
    sent = (await portal.sent_mails.to(address)).code
    before, own = _described(), page.form("/inscription")
    wrong = {"csrf": own["csrf"], "key": own["key"], "code": f"{(int(sent) + 1) % 1_000_000:06}"}
    page = await browser.send_form("/inscription/validation", wrong, headers=SAME_SITE)
    assert page.refused
    assert _described() - before == 2, "the form and its page"


async def test_nothing_is_shown_of_a_request_that_was_cancelled(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    """Another browser has signed in to it at the same moment."""
    page = await portal.asked(browser, address)
    other = portal.browser()
    there = await other.get("/connexion")
    given = {"address": address, "password": PASSWORD}
    led = await other.post(there, "/connexion", given, follow=False)
    assert led.location == "/inscription/validation"
    own = page.form("/inscription/validation")
    cancel = {"csrf": own["csrf"], "key": own["key"]}
    done = await browser.send_form("/inscription/annuler", cancel, headers=SAME_SITE)
    assert done.location == "/inscription/annuler"
    page = await other.get(led.location)
    assert page.path == "/inscription"
    assert "Cette demande n'existe plus" in page.text


async def test_questions_while_typing_are_answered_with_data(
    portal: Portal, browser: HttpBrowser
) -> None:
    page = await browser.get("/inscription")
    headers = {"X-Impex-Csrf": page.form("/inscription")["csrf"]}
    word = await browser.send(
        "POST", "/inscription/mot-courant", json={"password": "xxSoleil99"}, headers=headers
    )
    assert word.status == 200
    assert b'"word": "soleil"' in word.body.lower()
    near = await browser.send(
        "POST", "/inscription/adresse-proche", json={"address": "p@gmial.com"}, headers=headers
    )
    assert near.body == b'{"suggestion": "p@gmail.com"}'
    for path, body, given, status in (
        ("mot-courant", {"password": "x"}, {}, 403),
        ("mot-courant", {"password": "x", "y": 1}, headers, 400),
        ("mot-courant", {"password": 1}, headers, 400),
        ("adresse-proche", ["x"], headers, 400),
    ):
        answer = await browser.send("POST", f"/inscription/{path}", json=body, headers=given)
        assert answer.status == status


async def test_questions_are_counted_by_network(
    another: Callable[..., Awaitable[Portal]],
) -> None:
    portal = await another(IMPEX_LOOKUPS_PER_MINUTE="3")
    browser = portal.browser()
    page = await browser.get("/inscription")
    statuses = []
    for number in range(100):
        headers = {
            "X-Impex-Csrf": page.form("/inscription")["csrf"],
            # AU-12: the header of an untrusted client is ignored.
            "X-Forwarded-For": f"192.0.{number}.1",
        }
        answer = await browser.send(
            "POST", "/inscription/mot-courant", json={"password": "x"}, headers=headers
        )
        statuses.append(answer.status)
    assert statuses == [200] * 3 + [429] * 97
    assert 0 < int(answer.headers["Retry-After"]) <= 60


async def test_au_12_a_trusted_proxy_names_the_client(
    another: Callable[..., Awaitable[Portal]],
) -> None:
    portal = await another(
        IMPEX_LOOKUPS_PER_MINUTE="1", IMPEX_TRUSTED_PROXIES="127.0.0.0/8,10.0.0.0/8"
    )
    browser = portal.browser()
    page = await browser.get("/inscription")
    token = page.form("/inscription")["csrf"]
    for forwarded, status in (
        ("198.51.100.7", 200),
        ("198.51.100.9, 10.1.2.3", 429),
        ("198.51.100.7, 203.0.113.5", 200),
        ("203.0.113.5, 203.0.113.6", 429),
        ("2001:db8::1", 200),
        ("2001:db8::ffff", 429),
    ):
        answer = await browser.send(
            "POST",
            "/inscription/mot-courant",
            json={"password": "x"},
            headers={"X-Impex-Csrf": token, "X-Forwarded-For": forwarded},
        )
        assert answer.status == status, forwarded


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"password": "x"}',
        '{"password": "\u00e9"}'.encode("latin-1"),
        b'{"password": "x", "password": "y"}',
        b'{"password": true}',
        b'{"password": 1e999}',
        b'{"password": "\\ud800"}',
        b'{"password": ["x"]}',
        b"{" * 5_000,
        b"",
    ],
)
async def test_in_10_json_is_strict(browser: HttpBrowser, body: bytes) -> None:
    page = await browser.get("/inscription")
    headers = {
        "X-Impex-Csrf": page.form("/inscription")["csrf"],
        "Content-Type": "application/json",
    }
    answer = await browser.send("POST", "/inscription/mot-courant", data=body, headers=headers)
    assert answer.status == 400


async def test_in_01_the_page_has_the_rules_of_the_server(
    browser: HttpBrowser,
) -> None:
    page = await browser.get("/inscription")
    block = page.soup.find("script", id="regles-donnees")
    assert block is not None
    file = Path(__file__).parents[3] / "services/registration/data/password_rules.json"
    expected = json.loads(file.read_text("utf-8"))
    shown = json.loads(block.get_text())
    assert shown == expected
    rules = [item["data-rule"] for item in page.soup.find_all(attrs={"data-rule": True})]
    assert rules == expected["shown"]


async def test_wf_10_without_cookies_pages_are_readable_and_forms_refused(portal: Portal) -> None:
    """A browser that refuses the `__Host-` cookie, or any: nothing is lost, and the page explains
    why.
    """
    with_cookies, without = portal.browser(), portal.browser()
    page = await with_cookies.get("/connexion")
    assert (await without.get("/connexion")).status == 200
    without.session.cookie_jar.clear()
    answer = await without.send_form("/connexion", page.form("/connexion"))
    assert answer.status == 403
    assert "autorisez nos cookies dans votre navigateur" in answer.text
