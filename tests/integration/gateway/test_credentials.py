"""Password, phone and recovery codes changed from the account page (G-25, PW-08, SE-09, OT-12)."""

import asyncio
from typing import Any

import pytest

from services.gateway.sessions.saved_forms import SavedForms
from shared.contracts.mfa.requests import MakeRecoveryCodes
from shared.errors import DependencyDown
from tests.support.actors.account_holder import AccountHolder, codes_on, key_on
from tests.support.actors.http_browser import HttpResponse
from tests.support.authenticator import Authenticator
from tests.support.intercept import make_unavailable
from tests.support.servers.portal import PASSWORD, Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

NEW = "Wmqt4xZh!7"


async def _change(person: AccountHolder, page: HttpResponse, **given: str) -> HttpResponse:
    values = {"current_password": person.password, "password": NEW, **given}
    return await person.browser.post(page, "/compte/mot-de-passe", values)


async def test_pw_08_a_new_password_closes_every_other_session_before_it_answers(
    portal: Portal, address: str
) -> None:
    """No other session is open when the page answers, whatever the event does later."""
    person = AccountHolder(portal, address)
    await person.settle()
    other = portal.browser()
    await person.sign_in(other)
    token = person.browser.cookies["impex-session"]
    page = await person.browser.get("/compte/mot-de-passe")
    assert page.soup.find("input", {"name": "code"}) is None, "a code was just given"
    after = await _change(person, page)
    assert after.path == "/compte"
    assert (await other.get("/accueil")).path == "/connexion"
    assert person.browser.cookies["impex-session"] != token
    changed = await portal.sent_mails.event("PasswordChanged", await person.account_id())
    assert changed.data["by"] == "person"
    # The event finds this session authenticated after the change.
    await portal.sent_mails.event("SessionClosed", await person.account_id())
    assert (await person.browser.get("/accueil")).path == "/accueil"
    old = await person.give_password(PASSWORD, portal.browser())
    assert old.refused
    person.password = NEW
    assert (await person.sign_in(portal.browser())).path == "/accueil"


async def test_pw_08_the_current_password_is_required_and_the_rules_are_the_same(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    page = await person.browser.get("/compte/mot-de-passe")
    wrong = await _change(person, page, current_password="Wr0ng-pass")
    assert wrong.refused
    assert wrong.soup.select_one("#current_password-messages .fr-message--error")
    for weak in ("Kvfz9rL", "Azerty123", "Durand2026x", PASSWORD, ""):
        page = await _change(person, wrong, password=weak)
        assert page.refused, weak
        assert page.soup.select_one("#password-messages .fr-message--error"), weak
        assert not weak or f'value="{weak}"' not in page.html
    assert (await person.sign_in(portal.browser())).path == "/accueil"


async def test_se_09_an_old_session_also_needs_a_code_for_a_new_password(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    assert person.phone is not None
    portal.clock.advance(minutes=16)
    page = await person.browser.get("/compte/mot-de-passe")
    assert page.soup.find("input", {"name": "code"})
    refused = await _change(person, page, code=person.phone.wrong())
    assert refused.refused
    assert (await _change(person, refused)).refused
    # The code was right and the password was not: the code is not asked again.
    again = await _change(person, refused, code=person.phone.code(), password="Azerty123")
    assert again.refused
    assert again.soup.find("input", {"name": "code"}) is None
    assert (await _change(person, again)).path == "/compte"


async def test_pw_08_two_changes_at_once_are_one(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    page = await person.browser.get("/compte/mot-de-passe")
    fields = page.form("/compte/mot-de-passe") | {
        "current_password": person.password,
        "password": NEW,
    }
    twice = await asyncio.gather(
        *(person.browser.send_form("/compte/mot-de-passe", fields) for _ in range(2))
    )
    assert {one.status for one in twice} == {303}
    assert (await person.browser.get("/compte")).path == "/compte"
    # A later event has arrived, so earlier ones have arrived too.
    later = AccountHolder(portal, f"later-{address}")
    await later.create()
    account = await person.account_id()
    events = [(one.name, one.subject) for one in portal.sent_mails.published]
    assert events.count(("PasswordChanged", account)) == 1


async def _replace(person: AccountHolder, **given: str) -> HttpResponse:
    page = await person.browser.get("/compte/telephone")
    return await person.browser.post(page, "/compte/telephone", given)


@pytest.mark.parametrize("path", ["/compte/telephone", "/compte/codes-de-secours"])
async def test_t_17_nothing_typed_is_not_called_a_wrong_password(
    portal: Portal, address: str, path: str
) -> None:
    """And is no attempt: a form sent too early several times shuts nobody out."""
    person = AccountHolder(portal, address)
    await person.settle()
    assert person.phone is not None
    portal.clock.advance(seconds=60)
    page = await person.browser.get(path)
    for _ in range(7):
        page = await person.browser.post(page, path, {"code": person.phone.code()})
        assert "Saisissez un mot de passe." in page.text
        assert "Ce n'est pas votre" not in page.text
    done = await person.browser.post(
        page, path, {"password": person.password, "code": person.phone.code()}
    )
    assert not done.refused, done.text


async def test_g_25_the_old_phone_allows_to_enrol_the_new_one(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    old = person.phone
    assert old is not None
    other = portal.browser()
    await person.sign_in(other)
    wrong = await _replace(person, password="Wr0ng-pass", code=old.code(1))
    assert wrong.refused
    assert "Ce n'est pas votre mot de passe" in wrong.text
    portal.clock.advance(seconds=60)
    bad = await _replace(person, password=person.password, code=old.wrong())
    assert bad.refused
    # The password was wrong, then the code: neither consumed the right code.
    page = await _replace(person, password=person.password, code=old.code())
    assert page.path == "/compte/telephone/nouveau"
    new = Authenticator(key_on(page), portal.clock)
    assert key_on(await person.browser.get(page.path)) == new.key
    refused = await person.browser.post(page, page.path, {"code": new.wrong()})
    assert key_on(refused) == new.key
    assert (await other.get("/accueil")).path == "/accueil", "nothing has changed yet"
    done = await person.browser.post(refused, page.path, {"code": new.code()})
    assert done.path == "/compte"
    assert (await other.get("/accueil")).path == "/connexion"
    replaced = await portal.sent_mails.event("AuthenticatorReplaced", await person.account_id())
    assert replaced.data["by"] == "phone"
    await portal.sent_mails.event("SessionClosed", await person.account_id())
    assert (await person.browser.get("/compte")).path == "/compte", "this session stays open"
    page = await person.give_password(browser=other)
    portal.clock.advance(seconds=30)
    page = await person.give_code(page, old.code(), other)
    assert page.refused
    person.phone = new
    assert (await person.give_code(page, browser=other)).path == "/accueil"


async def test_ot_11_a_replacement_restarted_or_too_late(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    assert person.phone is not None
    portal.clock.advance(seconds=30)
    page = await _replace(person, password=person.password, code=person.phone.code())
    first = Authenticator(key_on(page), portal.clock)
    again = await person.browser.post(page, "/compte/telephone/recommencer")
    assert key_on(again) != first.key
    portal.clock.advance(minutes=25)
    await person.browser.get("/compte")
    portal.clock.advance(minutes=6)
    late = await person.browser.get("/compte/telephone/nouveau")
    assert late.path == "/compte/telephone"
    assert (await person.sign_in(portal.browser())).path == "/accueil", "the old phone works on"


async def test_b_13_a_new_list_of_recovery_codes_on_demand(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    former = await person.settle()
    assert person.phone is not None
    portal.clock.advance(seconds=30)
    page = await person.browser.get("/compte/codes-de-secours")
    assert "10" in page.text
    given = {"password": person.password, "code": person.phone.code()}
    shown = await person.browser.post(page, "/compte/codes-de-secours", given)
    codes = codes_on(shown)
    assert len(codes) == 10
    assert not set(codes) & set(former)
    unticked = await person.browser.post(shown, "/compte/codes-de-secours/gardes")
    assert unticked.refused
    assert codes_on(unticked) == codes
    confirmed = await person.browser.post(
        unticked, "/compte/codes-de-secours/gardes", {"kept": "1"}
    )
    assert confirmed.path == "/compte"
    await portal.sent_mails.event("RecoveryCodesReplaced", await person.account_id())
    other = portal.browser()
    await person.give_password(browser=other)
    page = await other.get("/connexion/code-de-secours")
    refused = await other.post(page, page.path, {"recovery_code": former[0]})
    assert refused.refused
    page = await other.post(refused, page.path, {"recovery_code": codes[0]})
    assert page.path == "/connexion/telephone"


async def test_p_04_looking_at_the_list_changes_nothing_until_it_is_confirmed(
    portal: Portal, address: str
) -> None:
    """Prefetched, reloaded, opened in another browser of the same person: the same codes."""
    person = AccountHolder(portal, address)
    await person.create()
    page = await person.enrol()
    path, codes = page.path, codes_on(page)
    assert len(codes) == 10
    for _ in range(2):
        assert (await person.browser.send("HEAD", path)).status == 200
        assert codes_on(await person.browser.get(path)) == codes
    assert codes_on(await person.browser.get("/compte/codes-de-secours")) == codes
    other = portal.browser()
    portal.clock.advance(seconds=30)
    elsewhere = await person.sign_in(other)
    assert (elsewhere.path, codes_on(elsewhere)) == (path, codes)
    done = await other.post(elsewhere, path, {"kept": "1"})
    assert done.path == "/informations"
    assert (await person.browser.get(path)).path == "/informations"
    listed = await person.browser.get("/compte/codes-de-secours")
    assert codes_on(listed) == []
    assert "Il vous reste 10 codes de secours." in listed.text


async def test_p_04_a_list_is_made_by_a_press_where_none_is_saved(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """mfa was unavailable at the end of the enrolment: the page has a button."""
    person = AccountHolder(portal, address)
    await person.create()
    with monkeypatch.context() as patch:
        make_unavailable(patch, MakeRecoveryCodes)
        page = await person.enrol()
    assert page.path == "/connexion/codes-de-secours"
    assert codes_on(page) == codes_on(await person.browser.get(page.path)) == []
    made = await person.browser.post(page, page.path)
    assert len(codes_on(made)) == 10
    twice = await person.browser.post(page, page.path)
    assert codes_on(twice) == codes_on(made), "the same press"
    assert (await person.keep_codes(made))[1].path == "/informations"


async def test_p_04_a_list_that_is_no_longer_valid_is_not_shown_for_ever(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer list was made and could not be saved: the older one is confirmed in vain, once."""

    async def unavailable(*_: Any) -> bool:
        raise DependencyDown("database", "stopped")

    person = AccountHolder(portal, address)
    await person.create()
    codes = codes_on(await person.enrol())
    assert person.phone is not None
    portal.clock.advance(minutes=16)
    page = await person.browser.get("/compte/codes-de-secours")
    given = {"password": person.password, "code": person.phone.code()}
    with monkeypatch.context() as patch:
        patch.setattr(SavedForms, "save_for_account", unavailable)
        lost = await person.browser.post(page, page.path, given)
    assert lost.status == 503
    portal.clock.advance(seconds=30)
    other = portal.browser()
    page = await person.sign_in(other)
    assert codes_on(page) == codes
    answer = await other.post(page, page.path, {"kept": "1"})
    assert (answer.path, codes_on(answer)) == (page.path, [])
    assert len(codes_on(await other.post(answer, answer.path))) == 10


async def test_p_04_another_account_confirms_nothing_of_this_one(
    portal: Portal, address: str
) -> None:
    mine, theirs = AccountHolder(portal, address), AccountHolder(portal, f"o{address}")
    await mine.create()
    page = await mine.enrol()
    codes, listed = codes_on(page), page.form(page.path)["list"]
    await theirs.create()
    other = await theirs.enrol()
    await theirs.browser.post(other, other.path, {"kept": "1", "list": listed})
    assert codes_on(await mine.browser.get(page.path)) == codes


async def test_se_09_a_list_is_created_only_after_a_recent_code(
    portal: Portal, address: str
) -> None:
    """A stolen session of an account without a confirmed list gives no second factor."""
    person = AccountHolder(portal, address)
    await person.create()
    page = await person.enrol()
    portal.clock.advance(minutes=16)
    later = await person.browser.get(page.path)
    assert later.path == "/compte/codes-de-secours"
    assert not codes_on(later)
