"""The complementary information, from the landing to the frozen page (G-30 to G-35)."""

import asyncio
from typing import Any

import pytest

from services.gateway.sessions.sessions import Sessions
from shared.contracts.profile.requests import DescribeProfile, SaveProfile, ValidateProfile
from shared.contracts.profile.views import ProfileView
from shared.messaging.errors import ServiceUnavailable
from tests.support import eventually
from tests.support.actors.account_holder import PHARMACY, AccountHolder
from tests.support.actors.http_browser import HttpResponse
from tests.support.intercept import Send, intercept, make_unavailable
from tests.support.pages.information_states import BELGIAN
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

HERE, SUMMARY = "/informations", "/informations/validation"
SAVE, VALIDATE = {"action": "save"}, {"action": "validate"}


async def arrived(portal: Portal, address: str) -> tuple[AccountHolder, HttpResponse]:
    """A new user at the form."""
    person = AccountHolder(portal, address)
    _, page = await person.arrive()
    return person, page


def value(page: HttpResponse, name: str) -> str:
    """The value of a field of the form."""
    return page.form(HERE)[name]


async def test_g_30_g_31_g_32_the_form_as_it_is_first_seen(portal: Portal, address: str) -> None:
    """AX-10: names and e-mail are filled in; no address of the portal names an account."""
    person, page = await arrived(portal, address)
    assert page.h1 == "Créer Informations complémentaires"
    assert (value(page, "last_name"), value(page, "first_name")) == ("Durand", "Pierre")
    email = page.soup.select_one("#email")
    assert email is not None
    assert (email["value"], email.has_attr("readonly"), email.get("name")) == (address, True, None)
    assert "signalées par le symbole (*)" in page.text
    chosen = page.soup.select_one("#country option[selected]")
    assert chosen is not None
    assert chosen["value"] == "FR"
    assert await person.account_id() not in page.html
    home = await person.browser.get("/accueil")
    assert "Il vous reste à valider vos informations." in home.text


async def test_g_33_a_draft_is_saved_as_typed_and_not_validated(
    portal: Portal, address: str
) -> None:
    person, page = await arrived(portal, address)
    saved = await person.browser.post(page, HERE, {**SAVE, "phone": " 01-55 87 40 90", "city": "P"})
    assert saved.path == HERE
    assert saved.status == 200
    assert "Brouillon enregistré à" in saved.text
    assert "Vous devez valider les informations." in saved.text
    again = await person.browser.get(HERE)
    assert (value(again, "phone"), value(again, "city")) == ("01-55 87 40 90", "P")
    closed = await person.browser.post(again, HERE, {"action": "close", "city": "Lyon"})
    assert closed.path == "/accueil"
    assert "Vous devez valider les informations." in closed.text
    assert value(await person.browser.get(HERE), "city") == "Lyon"


async def test_p_01_a_second_tab_overwrites_nothing_and_shows_both_versions(
    portal: Portal, address: str
) -> None:
    """Without scripts: tab B saves the town from a page that is older than what tab A saved."""
    person, tab_b = await arrived(portal, address)
    tab_a = await person.browser.get(HERE)
    await person.browser.post(tab_a, HERE, {**SAVE, **PHARMACY})
    shown = await person.browser.post(tab_b, HERE, {**SAVE, "city": "Pantin"})
    assert "Ce brouillon a été enregistré entre-temps" in shown.text
    assert "Brouillon enregistré à" not in shown.text
    assert value(shown, "city") == "Pantin"
    assert value(shown, "company_name") == ""
    assert PHARMACY["company_name"] in shown.soup.select_one("#company_name-autre").text  # type: ignore[union-attr]
    assert value(await person.browser.get(HERE), "city") == PHARMACY["city"], "not overwritten"

    one = await person.browser.post(shown, HERE, {"take": "company_name", "city": "Pantin"})
    assert value(one, "company_name") == PHARMACY["company_name"]
    assert value(one, "city") == "Pantin"
    assert one.soup.select_one("#phone-autre") is not None, "the others are still shown"
    everything = await person.browser.post(one, HERE, {"take": "all"})
    assert value(everything, "city") == PHARMACY["city"]
    assert everything.soup.select("[data-other-version]") == []

    mine = await person.browser.post(shown, HERE, {**SAVE, **PHARMACY, "city": "Pantin"})
    assert "Brouillon enregistré à" in mine.text, "once both were seen, my choice counts"
    assert value(await person.browser.get(HERE), "city") == "Pantin"


async def test_p_01_p_03_both_versions_stay_in_the_other_language(
    portal: Portal, address: str
) -> None:
    """Else « Save » would overwrite what nobody was shown any more."""
    person, tab_b = await arrived(portal, address)
    tab_a = await person.browser.get(HERE)
    await person.browser.post(tab_a, HERE, {**SAVE, **PHARMACY})
    shown = await person.browser.post(tab_b, HERE, {**SAVE, "city": "Pantin"})
    for lang, says in (("en", "saved in the meantime"), ("fr", "enregistré entre-temps")):
        (switch,) = shown.soup.select("button[name=lang]")
        shown = await person.browser.send_form(
            str(switch["formaction"]),
            {**shown.form(HERE), "lang": lang},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        assert says in shown.text
        assert value(shown, "city") == "Pantin"
        assert shown.soup.select_one("#company_name-autre") is not None


async def test_p_01_only_fields_of_the_form_can_be_taken(portal: Portal, address: str) -> None:
    person, page = await arrived(portal, address)
    assert (await person.browser.post(page, HERE, {"take": "city"})).status == 400
    await person.browser.post(page, HERE, {**SAVE, **PHARMACY})
    page = await person.browser.get(HERE)
    for unknown in ("terms", "csrf", "x" * 300):
        assert (await person.browser.post(page, HERE, {"take": unknown})).status == 400


async def test_p_01_validating_in_an_older_tab_shows_both(portal: Portal, address: str) -> None:
    person, older = await arrived(portal, address)
    page = await person.browser.get(HERE)
    await person.browser.post(page, HERE, {**SAVE, **PHARMACY})
    shown = await person.browser.post(older, HERE, {**VALIDATE, **PHARMACY, "city": "Pantin"})
    assert "Ce brouillon a été enregistré entre-temps" in shown.text
    assert value(shown, "city") == "Pantin"


async def test_t_02_the_page_explains_a_changed_number(portal: Portal, address: str) -> None:
    person, page = await arrived(portal, address)
    filled = {**PHARMACY, "filled_in": "73282932000074 company_name city"}
    page = await person.browser.post(page, HERE, {**SAVE, **filled})
    other = {**SAVE, "siret": "73282932000082"}
    followed = await person.browser.post(await person.browser.get(HERE), HERE, other)
    assert "ce que le répertoire Sirene avait rempli pour l'ancien" in followed.text
    shown = await person.browser.get(HERE)
    assert (value(shown, "company_name"), value(shown, "city")) == ("", "")
    assert value(shown, "address") == PHARMACY["address"]


async def test_g_34_invalid_values_are_saved_with_their_errors_and_missing_ones_are_accepted(
    portal: Portal, address: str
) -> None:
    """Saved nevertheless, and both is shown."""
    person, page = await arrived(portal, address)
    wrong = {"phone": "3615", "siret": "73282932000079", "postal_code": "2A004", "country": "FR"}
    saved = await person.browser.post(page, HERE, {**SAVE, **wrong})
    assert saved.refused
    assert "Brouillon enregistré à" in saved.text
    assert "Ce numéro de téléphone n'est pas valable. Exemple : 01 23 45 67 89." in saved.text
    assert "Ce n° de Siret est inexact : vérifiez chaque chiffre." in saved.text
    assert "Saisissez un code postal à 5 chiffres. En Corse, il commence par 20" in saved.text
    assert len(saved.soup.select("[aria-invalid=true]")) == 3
    assert value(await person.browser.get(HERE), "siret") == "73282932000079"


async def test_g_34_ax_04_every_missing_value_is_reported_at_its_field(
    portal: Portal, address: str
) -> None:
    """The input stays, the tick too."""
    person, page = await arrived(portal, address)
    typed = {"address": "x" * 201, "country": "FR", "terms": "1", "position": "other"}
    refused = await person.browser.post(page, HERE, {**VALIDATE, **typed})
    assert refused.refused
    assert refused.soup.title
    assert refused.soup.title.get_text().startswith("Erreur\u00a0:")
    wrong = {str(one["id"]) for one in refused.soup.select("[aria-invalid=true]")}
    assert wrong == {
        *("phone", "position_other", "siret", "company_name", "establishment_type"),
        *("postal_code", "address", "city"),
    }
    assert "il est obligatoire en France" in refused.text
    assert "Saisissez au plus 200 caractères." in refused.text
    assert "Votre saisie est gardée." in refused.text
    assert value(refused, "address") == "x" * 201
    assert refused.soup.select_one("#terms[checked]")
    assert (await person.browser.get(SUMMARY)).path == HERE, "no summary of what is not ready"


async def test_g_34_g_35_ax_06_the_summary_is_confirmed_once_and_freezes(
    portal: Portal, address: str
) -> None:
    """SE-10: pressed repeatedly, in two tabs; then nothing changes it."""
    person, page = await arrived(portal, address)
    summary = await person.browser.post(page, HERE, {**VALIDATE, **PHARMACY})
    assert summary.path == SUMMARY
    for shown in ("Pierre", "Pharmacien Responsable", "732 829 320 00074", "Les Lilas", address):
        assert shown in summary.text, shown
    assert "Après validation, seul le secrétariat peut corriger" in summary.text
    reopened = await person.browser.get(HERE)
    assert value(reopened, "siret") == PHARMACY["siret"], "« Revenir » keeps them"
    other_tab = await person.browser.get(SUMMARY)
    presses = [person.browser.post(one, SUMMARY) for one in (summary, other_tab) * 5]
    for done in await asyncio.gather(*presses):
        assert (done.status, done.path) == (200, HERE)
        assert "Ces informations ne sont plus modifiables directement." in done.text
        assert done.soup.select_one("a[href='/compte/correction']")
    account = await person.account_id()
    event = await portal.sent_mails.event("AccountValidated", account)
    assert event.data["company_name"] == "Pharmacie des Lilas"
    late = await person.browser.post(page, HERE, {**SAVE, **PHARMACY, "city": "Lyon"})
    assert late.path == HERE
    assert "Informations déjà validées." in late.text
    assert "Les Lilas" in late.text
    assert "Lyon" not in late.text
    assert "01 55 87 40 90" in (await person.browser.get("/compte")).text
    home = await person.browser.get("/accueil")
    assert "Il vous reste à valider" not in home.text
    await person.browser.post(home, "/deconnexion")
    assert (await person.sign_in()).path == "/accueil"
    mine = [one for one in portal.sent_mails.published if one.subject == account]
    assert [one.name for one in mine].count("AccountValidated") == 1


async def test_si_04_in_02_a_belgian_laboratory_in_english(portal: Portal, address: str) -> None:
    """No SIRET abroad; « Other » requires a text; numbers are optional."""
    person, _ = await arrived(portal, address)
    person.browser.language = "en"
    page = await person.browser.get(HERE)
    assert page.h1 == "Add your additional information"
    declared = {
        **{name: getattr(BELGIAN, name) for name in ("phone", "position", "position_other")},
        **{name: getattr(BELGIAN, name) for name in ("country", "company_name", "address")},
        **{name: getattr(BELGIAN, name) for name in ("establishment_type", "postal_code", "city")},
        "establishment_type_other": "Research laboratory",
        "terms": "1",
        **VALIDATE,
    }
    refused = await person.browser.post(page, HERE, {**declared, "siret": PHARMACY["siret"]})
    assert refused.refused
    assert "SIRET numbers exist only in France" in refused.text
    summary = await person.browser.post(refused, HERE, {**declared, "siret": ""})
    assert summary.path == SUMMARY
    for shown in ("Belgium", "Other (Qualified Person)", "Other (Research laboratory)", "555"):
        assert shown in summary.text, shown
    done = await person.browser.post(summary, SUMMARY)
    assert "You can no longer change this information yourself." in done.text
    event = await portal.sent_mails.event("AccountValidated", await person.account_id())
    assert (event.data["country"], event.data["siret"]) == ("BE", "")


@pytest.mark.parametrize("dialog", ["", "1"])
async def test_v_04_se_09_validating_needs_a_code_where_the_last_one_is_old(
    portal: Portal, address: str, dialog: str
) -> None:
    """The draft is saved, the code is asked, and then the summary is confirmed."""
    person, page = await arrived(portal, address)
    portal.clock.advance(minutes=16)
    page = await person.browser.post(page, HERE, {**PHARMACY, **VALIDATE, "dialog": dialog})
    asks = f"{SUMMARY}/code"
    assert page.path == asks, page.text
    assert "Votre brouillon est enregistré." in page.text
    page = await person.browser.post(page, asks, {"code": "000000"})
    assert "Ce n'est pas le bon code." in page.text
    assert person.phone is not None
    portal.clock.advance(seconds=30)
    page = await person.browser.post(page, asks, {"code": person.phone.code()})
    assert page.path == SUMMARY, page.text
    portal.clock.advance(minutes=16)
    late = await person.browser.post(page, SUMMARY)
    assert late.path == asks, "the summary was open for too long"
    portal.clock.advance(seconds=30)
    page = await person.browser.post(late, asks, {"code": person.phone.code()})
    page = await person.browser.post(page, SUMMARY)
    assert "Informations validées." in page.text
    assert (await person.browser.get(asks)).path == HERE


async def test_g_34_a_draft_changed_in_another_tab_is_shown_anew(
    portal: Portal, address: str
) -> None:
    person, page = await arrived(portal, address)
    summary = await person.browser.post(page, HERE, {**VALIDATE, **PHARMACY})
    other = await person.browser.get(HERE)
    await person.browser.post(other, HERE, {**SAVE, **PHARMACY, "city": "Pantin"})
    changed = await person.browser.post(summary, SUMMARY)
    assert changed.path == SUMMARY
    assert "ont changé dans une autre fenêtre" in changed.text
    assert "Pantin" in changed.text
    other = await person.browser.get(HERE)
    await person.browser.post(other, HERE, {**SAVE, **PHARMACY, "city": ""})
    no_more = await person.browser.post(changed, SUMMARY)
    assert no_more.path == HERE, "and no longer complete"
    assert "Saisissez la ville" in no_more.text
    assert (await person.browser.get(HERE)).h1 == "Créer Informations complémentaires"


async def test_b_08_an_outage_of_profile_loses_no_input(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with the form and the same key; the summary too; the account and the home page still
    work.
    """
    person, page = await arrived(portal, address)
    with monkeypatch.context() as patch:
        make_unavailable(patch, SaveProfile)
        typed = {**SAVE, **PHARMACY, "city": "Lyon"}
        answer = await person.browser.post(page, HERE, typed)
    assert answer.status == 503
    assert "votre saisie est encore sur cette page" in answer.text
    assert value(answer, "key") == value(page, "key")
    assert (value(answer, "city"), value(answer, "siret")) == ("Lyon", PHARMACY["siret"])
    assert answer.soup.select_one("#terms[checked]")
    assert answer.soup.select_one("#position option[value=responsible_pharmacist][selected]")
    summary = await person.browser.post(answer, HERE, {**typed, **VALIDATE})
    with monkeypatch.context() as patch:
        make_unavailable(patch, ValidateProfile)
        again = await person.browser.post(summary, SUMMARY)
    assert again.status == 503
    assert "Lyon" in again.text
    assert again.form(SUMMARY)["key"] == summary.form(SUMMARY)["key"]
    with monkeypatch.context() as patch:
        make_unavailable(patch, DescribeProfile)
        assert (await person.browser.get(HERE)).status == 503
        account = await person.browser.get("/compte")
        assert account.status == 200
        assert "ne peuvent pas être affichées pour l'instant" in account.text
        assert (await person.sign_in(portal.browser())).path == "/accueil", (
            "unavailable: the home page"
        )
    done = await person.browser.post(again, SUMMARY)
    assert "Informations validées." in done.text


async def test_g_30_where_a_sign_in_leads_is_asked_while_its_session_is_stored(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither waits for the other: each continues only once the other has begun."""
    person, _ = await arrived(portal, address)
    asked, storing, promote = asyncio.Event(), asyncio.Event(), Sessions.promote

    async def note(_: DescribeProfile, send: Send) -> ProfileView:
        asked.set()
        async with asyncio.timeout(10):
            await storing.wait()
        return await send()

    async def promote_once_asked(*given: Any, **named: Any) -> bool:
        storing.set()
        async with asyncio.timeout(10):
            await asked.wait()
        return await promote(*given, **named)

    intercept(monkeypatch, DescribeProfile, note)
    monkeypatch.setattr(Sessions, "promote", promote_once_asked)
    assert (await person.sign_in(portal.browser())).path == HERE


async def test_g_30_a_session_that_cannot_be_stored_cuts_no_question(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that is cut while it is sent costs the gateway its channel for replies."""
    person, _ = await arrived(portal, address)
    asked, ended = asyncio.Event(), []

    async def note(_: DescribeProfile, send: Send) -> ProfileView:
        asked.set()
        answer = await send()
        ended.append(answer)
        return answer

    async def too_late(*_given: Any, **_named: Any) -> bool:
        async with asyncio.timeout(10):
            await asked.wait()
        return False

    intercept(monkeypatch, DescribeProfile, note)
    monkeypatch.setattr(Sessions, "promote", too_late)
    assert (await person.sign_in(portal.browser())).path == "/connexion"
    assert len(ended) == 1


async def test_g_35_an_event_alone_informs_the_gateway_of_a_validation(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was lost: the event suffices, and the next sign-in needs no request."""
    person, page = await arrived(portal, address)

    async def lost(_: ValidateProfile, send: Send) -> None:
        await send()
        raise ServiceUnavailable("the answer was lost")

    summary = await person.browser.post(page, HERE, {**VALIDATE, **PHARMACY})
    with monkeypatch.context() as context:
        intercept(context, ValidateProfile, lost)
        assert (await person.browser.post(summary, SUMMARY)).status == 503

    async def validated() -> bool:
        return "Il vous reste à valider" not in (await person.browser.get("/accueil")).text

    await eventually(validated, why="the gateway processed the event")
    make_unavailable(monkeypatch, DescribeProfile)
    page = await person.browser.get("/accueil")
    await person.browser.post(page, "/deconnexion")
    assert (await person.sign_in()).path == "/accueil"
