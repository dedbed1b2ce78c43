"""Every form of the portal: expired, in another language, pressed twice, pressed again after its
answer was lost, and while other services are unavailable. Nothing typed is lost, one press is one
act, and no answer says what is not so (P-02, P-03, P-05, R-01 to R-03).
"""

import asyncio
from typing import Any

import pytest
from yarl import URL

from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.rpc_client import RpcClient
from tests.integration.gateway.form_scenes import FORMS, SCENES, Filled, Person
from tests.integration.gateway.test_failures import no_database
from tests.support import eventually
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.servers.portal import PASSWORD, Portal

#: Every test but that of the table itself runs in the loop of the portal.
PACKAGE = pytest.mark.asyncio(loop_scope="package")
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
NAMES = sorted(FORMS.keys() - {"language"})
#: Forms with fields that people fill in; the others are single buttons.
FILLED_IN = [name for name in NAMES if FORMS[name].show_form is not None]
EXPIRED = "n'a pas été pris en compte"


def test_every_form_has_a_scene() -> None:
    assert SCENES.keys() == FORMS.keys() - {"language"}


async def filled(portal: Portal, name: str) -> tuple[Filled, dict[str, str]]:
    """A page with the form, and the form filled in with what is accepted."""
    made = await SCENES[name](Person(portal))
    return made, fields_of(name, made.page) | given(name, made)


def given(name: str, made: Filled) -> dict[str, str]:
    allowed = FORMS[name].fields.split()
    return {field: value for field, value in made.all.items() if field in allowed}


def fields_to_type(name: str, made: Filled) -> dict[str, str]:
    """What a person types and a page may show again."""
    typed = given_typed(name, made)
    return {field: value for field, value in typed.items() if field != "next"}


def given_typed(name: str, made: Filled) -> dict[str, str]:
    """What the form shows again."""
    return {field: made.typed[field] for field in made.typed if field in given(name, made)}


def fields_of(name: str, page: HttpResponse) -> dict[str, str]:
    allowed = ("csrf", "key", *FORMS[name].fields.split())
    return {
        field: value for field, value in page.form(FORMS[name].path).items() if field in allowed
    }


def shows(page: HttpResponse, name: str, typed: dict[str, str]) -> None:
    """The page has the form with everything that was typed, and no secret."""
    assert page.tree.find(f".//form[@action='{FORMS[name].path}']") is not None, page.text[:800]
    fields = page.form(FORMS[name].path)
    for field, value in typed.items():
        box = page.soup.find(attrs={"name": field, "form": False})
        assert box is not None, field
        if box.name == "select":
            shown = box.find("option", selected=True)["value"]
        elif box.name == "textarea":
            shown = box.get_text().removeprefix("\n")
        else:
            shown = fields[field]
        assert shown == value, field
    for secret in ("password", "current_password", "code", "recovery_code"):
        assert not fields.get(secret), secret


@PACKAGE
@pytest.mark.parametrize("name", FILLED_IN)
async def test_p_02_p_03_p_05_r_03_an_expired_form_comes_back_as_often_as_one_looks(
    portal: Portal, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Its token is of no browser, but the browser says that the page is ours; then it comes back
    while no service answers.
    """
    made, fields = await filled(portal, name)
    path = FORMS[name].path
    back = await made.browser.send_form(path, {**fields, "csrf": "x.y"}, headers=SAME_SITE)
    assert back.refused, back.text[:500]
    assert EXPIRED in back.text
    typed = given_typed(name, made)
    shows(back, name, typed)
    there = f"{back.path}?{back.query}"
    for _ in range(2):
        again = await made.browser.send("GET", there)
        assert again.status == 200
        shows(again, name, typed)
        assert again.form(path).get("key") == back.form(path).get("key")
    for value in made.values.values():
        assert len(value) < 6 or value not in again.html
    stranger = portal.browser()
    plain = await stranger.get(there)
    for field, value in typed.items():
        assert field == "next" or len(value) < 5 or f'value="{value}"' not in plain.html, field
    # In the other language, with the reason; sent from there with what is missing it is accepted.
    (switch,) = back.soup.select("button[name=lang]")
    sent = {**fields_of(name, back), **given(name, made), "lang": "en"}
    english = await made.browser.send_form(switch["formaction"], sent, headers=SAME_SITE)
    assert english.headers["Content-Language"] == "en"
    assert "was not processed" in english.text
    shows(english, name, typed)
    assert english.form(path).get("key") == back.form(path).get("key")
    fresh = fields_of(name, english) | given(name, made)
    done = await accepted_after_an_outage(monkeypatch, name, made, fresh)
    assert EXPIRED not in done.text
    assert done.status in (200, 303), done.text[:500]
    assert not done.refused, done.text[:800]


def end(answer: HttpResponse) -> str:
    """Where an answer leads."""
    assert answer.status in (200, 303), (answer.status, answer.text[:600])
    for wrong in ("expiré", "n'existe plus", EXPIRED, "Session fermée par sécurité"):
        assert wrong not in answer.text, answer.text[:800]
    assert not answer.refused, answer.text[:800]
    return answer.path


@PACKAGE
@pytest.mark.parametrize("name", NAMES)
async def test_r_02_two_presses_at_once_are_one(portal: Portal, name: str) -> None:
    made, fields = await filled(portal, name)
    path = FORMS[name].path
    presses = (
        made.browser.send_form(path, fields, headers=SAME_SITE, follow=True) for _ in range(2)
    )
    first, second = await asyncio.gather(*presses)
    assert end(first) == end(second)


@PACKAGE
@pytest.mark.parametrize("name", NAMES)
async def test_r_01_r_02_the_same_press_leads_on_with_former_and_with_new_cookies(
    portal: Portal, name: str
) -> None:
    """The first answer was lost, its cookies too, and the browser asks in English now; then a press
    a moment after an answer whose page was never opened.
    """
    made, fields = await filled(portal, name)
    path, before = FORMS[name].path, dict(made.browser.cookies)
    once = await made.browser.send_form(path, fields, headers=SAME_SITE)
    assert not once.refused, once.text[:800]
    restore(portal, made.browser, before)
    headers = {**SAME_SITE, "Accept-Language": "en"}
    end(await made.browser.send_form(path, fields, headers=headers))
    end(await made.browser.send_form(path, fields, headers=SAME_SITE, follow=True))


def restore(portal: Portal, browser: HttpBrowser, cookies: dict[str, str]) -> None:
    """The browser has these cookies and no others."""
    jar = browser.session.cookie_jar
    jar.clear()
    jar.update_cookies(cookies, URL(portal.base))


async def accepted_after_an_outage(
    monkeypatch: pytest.MonkeyPatch, name: str, made: Filled, fields: dict[str, str]
) -> HttpResponse:
    """The form, sent while no service answers, then from the page that came back; its answer."""
    path = FORMS[name].path
    error = (ServiceUnavailable, RequestTimeout)[NAMES.index(name) % 2]

    async def nobody(*_: Any, **__: Any) -> None:
        raise error("nobody answers")

    with monkeypatch.context() as patch:
        patch.setattr(RpcClient, "ask", nobody)
        answer = await made.browser.send_form(path, fields, headers=SAME_SITE)
    if answer.status != 503:
        return answer  # this form asks nobody
    assert answer.tree.find(f".//form[@action='{path}']") is not None, answer.text[:600]
    shows(answer, name, given_typed(name, made))
    assert answer.form(path).get("key") == fields.get("key"), "sent again it is the same act"
    sent = {**fields_of(name, answer), **given(name, made)}
    return await made.browser.send_form(path, sent, headers=SAME_SITE)


@PACKAGE
@pytest.mark.parametrize("name", sorted({*NAMES} - {*FILLED_IN}))
async def test_r_03_a_button_comes_back_while_no_service_answers(
    portal: Portal, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    made, fields = await filled(portal, name)
    end(await accepted_after_an_outage(monkeypatch, name, made, fields))


@PACKAGE
async def test_r_03_forms_come_back_while_the_database_is_unavailable(portal: Portal) -> None:
    """Nobody is recognised, nothing can be saved: the answer carries the form."""
    names = (
        *("sign_in", "register", "information", "change_address", "correction", "validation"),
        *("leaving", "departure_report", "correct_address", "accept_terms", "forgotten_password"),
        *(
            "lost_phone",
            "change_password",
            "my_data",
            "sign_in_code",
            "new_phone",
            "reset_password",
        ),
    )
    made = {name: await filled(portal, name) for name in names}
    async with no_database(portal):
        for name, (scene, fields) in made.items():
            path = FORMS[name].path
            answer = await scene.browser.send_form(path, fields, headers=SAME_SITE)
            assert answer.status == 503, name
            assert answer.tree.find(f".//form[@action='{path}']") is not None, name
            shown = {**answer.form(path)}
            for field, value in given_typed(name, scene).items():
                assert value in (shown.get(field), *answer.html.split('"')) or value in answer.text
            assert shown["key"] == fields["key"], name
            assert PASSWORD not in answer.html

    async def back() -> bool:
        return (await portal.browser().send("GET", "/session/etat")).status == 200

    await eventually(back, 60)
