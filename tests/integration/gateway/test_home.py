"""The home page on real services: it shows what the other application publishes."""

import asyncio
from urllib.parse import quote, urlsplit

import pytest
import pytest_asyncio

from shared.contracts.dossiers import ListDossiers, ReadDossiers
from tests.support.actors.account_holder import AccountHolder, new_address
from tests.support.actors.dossier_holder import HOSTILE, counts, numbers, rows, settled
from tests.support.actors.filing_app import FilingApp, filed
from tests.support.actors.http_browser import HttpBrowser
from tests.support.intercept import Send, intercept, make_unavailable
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def holder(portal: Portal, filing_app: FilingApp) -> AccountHolder:
    """A holder with dossiers."""
    return await settled(portal, filing_app)


async def test_g_41_g_42_g_43_the_holder_sees_the_published_dossiers(holder: AccountHolder) -> None:
    """Drafts, then the latest, in whichever order the events came."""
    page = await holder.browser.get("/accueil")
    assert page.status == 200
    assert counts(page) == ["31", "1", "1", "0"]
    assert "Total 31" in page.text
    assert numbers(page)[1:] == [f"DEI-{number:03}" for number in range(29, 10, -1)]
    assert rows(page)[0][1:6] == [
        "– pas encore",
        "– pas encore",
        "En brouillon",
        "Pharmacie des Lilas",
        "Brouillon Exemple",
    ]
    assert rows(page)[1] == [
        "DEC",
        "DEI-029",
        "13/02/2026",
        "Déposé",
        "Pharmacie des Lilas",
        "Médicament W",
        "29 mg",
        "gélule",
        "– aucune",
    ]
    last = await holder.browser.get("/accueil?page=2")
    assert numbers(last) == [f"DEI-{number:03}" for number in range(10, -1, -1)]
    processed = await holder.browser.get("/accueil?onglet=declarations-traitees")
    (row,) = rows(processed)
    assert (row[1], row[2], row[3], row[8]) == ("DEI-900", "15/01/2026", "Refusé", "14/02/2026")
    imports = await holder.browser.get("/accueil?onglet=autorisations-deposees")
    assert numbers(imports) == ["AI-1"]
    empty = await holder.browser.get("/accueil?onglet=autorisations-traitees")
    assert "Aucun dossier dans cet onglet pour l'instant." in empty.text


async def test_g_42_rows_are_searched_filtered_sorted_and_paged(holder: AccountHolder) -> None:
    """Without case and accents; each choice preserves the others."""
    get = holder.browser.get
    found = await get("/accueil?recherche=MEDICAMENT+z")
    assert numbers(found) == ["DEI-026", "DEI-000"]
    assert "Total 2" in found.text
    kinds = await get("/accueil?type=DEC&taille=50")
    assert {row[0] for row in rows(kinds)} == {"DEC"}
    assert len(rows(kinds)) == 16
    drafts = await get("/accueil?statut=draft")
    assert [row[5] for row in rows(drafts)] == ["Brouillon Exemple"]
    both = await get("/accueil?statut=filed&type=DEI&recherche=lilas&tri=fiche&taille=10&page=2")
    assert numbers(both) == [f"DEI-{number:03}" for number in (20, 22, 24, 26, 28)]
    first = await get(f"/accueil?{urlsplit('x?tri=fiche&taille=10').query}")
    following = first.soup.select_one("#pages a.fr-pagination__link--next")
    assert following is not None
    second = await get(str(following["href"]))
    assert numbers(first) + numbers(second) == ["– pas encore", *(f"DEI-{n:03}" for n in range(19))]
    turned = first.soup.select_one("thead th[aria-sort=ascending] a")
    assert turned is not None
    assert numbers(await get(str(turned["href"])))[0] == "DEI-029"
    beyond = await get("/accueil?page=999999")
    assert beyond.soup.select_one("#pages [aria-current=page]").get_text() == "Page 2"  # type: ignore[union-attr]
    none = await get("/accueil?recherche=introuvable")
    assert "Aucun dossier ne correspond à cette recherche. Modifiez-la ou effacez-la." in none.text
    assert counts(none) == ["31", "1", "1", "0"]


@pytest.mark.parametrize(
    "query",
    [
        "onglet=%27--&tri=account_id&sens=x&page=0x10&taille=-1",
        "recherche=%27%20or%201%3D1--&type=%27&statut=%27--",
        "recherche=%25&statut=_",
        "recherche=%00%00&statut=%00",
        "recherche=" + "%F0%9F%92%8A" * 300,
        "recherche=%FF%FE&page=%FF",
        "statut=" + quote("déposé" * 100),
        "a=1&" * 400,
        "page=1&page=2&onglet=x&onglet=y",
        "account_id=00000000-0000-0000-0000-000000000000&dossier_id=x",
    ],
)
async def test_in_03_in_04_an_edited_address_shows_a_page(
    holder: AccountHolder, query: str
) -> None:
    """Neither an error nor rows that do not match the search."""
    for path in ("/accueil", "/accueil/dossiers.csv"):
        answer = await holder.browser.send("GET", f"{path}?{query}")
        assert answer.status == 200, path


async def test_in_03_fields_of_events_are_shown_as_text(holder: AccountHolder) -> None:
    page = await holder.browser.get("/accueil?recherche=script")
    (row,) = rows(page)
    assert (row[4], row[6]) == (HOSTILE, "=1+1")
    assert not page.soup.select("main script")


async def test_az_02_dossiers_of_others_are_not_shown(
    portal: Portal, holder: AccountHolder, filing_app: FilingApp
) -> None:
    """Whatever the address contains, the session decides whose dossiers are read."""
    other = AccountHolder(portal, new_address())
    await other.settle()
    theirs = await other.account_id()
    await filing_app.publish(theirs, filed(number="SECRET-1", medicine="Le médicament d'un autre"))
    await filing_app.received(theirs, 1)
    ids = "&".join(f"{name}={theirs}" for name in ("account_id", "compte", "id", "subject"))
    for query in ("recherche=SECRET-1", ids, f"recherche={theirs}"):
        page = await holder.browser.get(f"/accueil?{query}")
        assert "SECRET-1" not in [*numbers(page), *page.soup.select("tbody")]
        assert "Le médicament d'un autre" not in page.html
        file = await holder.browser.send("GET", f"/accueil/dossiers.csv?{query}")
        assert "SECRET" not in file.html
    assert numbers(await other.browser.get("/accueil")) == ["SECRET-1"]
    for path in (f"/accueil/{theirs}", f"/accueil/dossiers/{theirs}.csv", "/accueil/dossiers"):
        assert (await holder.browser.get(path)).status == 404
    assert (await holder.browser.send("POST", "/accueil/dossiers.csv")).status == 405
    nobody = await portal.browser().send("GET", f"/accueil/dossiers.csv?account_id={theirs}")
    assert (nobody.status, nobody.location) == (303, "/connexion")


async def test_g_41_the_page_opens_without_the_list(
    portal: Portal, holder: AccountHolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No counts, no rows, no file; the name, the sign-out and the other features are there."""

    make_unavailable(monkeypatch, ListDossiers, ReadDossiers)
    page = await holder.browser.get("/accueil?onglet=declarations-traitees&recherche=x")
    assert (page.status, page.headers["Retry-After"]) == (503, "30")
    assert counts(page) == []
    assert "Pierre Durand" in page.text
    assert "Se déconnecter" in page.text
    again = page.soup.find("a", string="Réessayer")
    assert again is not None
    assert again["href"] == "/accueil?onglet=declarations-traitees&recherche=x"
    file = await holder.browser.send("GET", "/accueil/dossiers.csv")
    assert file.status == 503
    assert "text/html" in file.headers["Content-Type"]


async def test_au_15_the_other_language_shows_the_same_rows(holder: AccountHolder) -> None:
    """A foreign address in the switch is dropped."""
    query = "recherche=m%C3%A9dicament+z&tri=dosage&taille=10"
    page = await holder.browser.get(f"/accueil?{query}")
    answer = await holder.browser.post(page, "/langue", {"lang": "en"}, follow=False)
    assert answer.location == f"/accueil?{query}"
    english = await holder.browser.send("GET", answer.location, headers={"Accept-Language": "en"})
    assert numbers(english) == numbers(page)
    assert "Filed" in rows(english)[0]
    for crooked, there in (
        ("/accueil?recherche=x&evil=//a.example", "/accueil?recherche=x"),
        ("/accueil?//a.example", "/accueil"),
        ("/accueil/dossiers.csv?page=2", "/"),
    ):
        sent = await holder.browser.post(
            page, "/langue", {"next": crooked, "lang": "fr"}, follow=False
        )
        assert sent.location == there


async def test_g_43_events_before_the_first_sign_in_are_shown_at_it(
    portal: Portal, filing_app: FilingApp
) -> None:
    """An account without any sign-in has its dossiers already."""
    person = AccountHolder(portal, new_address())
    await person.create()
    mine = await person.account_id()
    await filing_app.publish(mine, filed(number="EARLY-1"))
    await filing_app.received(mine, 1)
    _codes, home = await person.keep_codes(await person.enrol())
    assert numbers(await person.browser.get("/accueil")) == ["EARLY-1"]
    assert home.status == 200


async def test_g_43_one_page_requests_the_list_once(
    holder: AccountHolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many rows, filters and tabs."""
    asked = []

    async def counted(query: ListDossiers, send: Send) -> object:
        asked.append(query)
        return await send()

    intercept(monkeypatch, ListDossiers, counted)
    await asyncio.gather(*(holder.browser.get("/accueil?taille=100&page=1") for _ in range(3)))
    assert len(asked) == 3


async def test_g_43_settings_provide_the_links_to_the_other_application(
    portal: Portal, holder: AccountHolder, another: object
) -> None:
    """« Déposer une demande », and a link on each row."""
    second = await another(  # type: ignore[operator]
        IMPEX_FILING_URL="https://office.example/new",
        IMPEX_DOSSIER_URL="https://office.example/d/{number}",
    )
    assert "Déposer une demande" not in (await holder.browser.get("/accueil")).text
    browser: HttpBrowser = second.browser()
    browser.session.cookie_jar.update_cookies(holder.browser.cookies)
    page = await browser.get("/accueil?onglet=autorisations-deposees")
    hrefs = [str(a["href"]) for a in page.soup.select("main a[href^='https:']")]
    assert hrefs == ["https://office.example/new", "https://office.example/d/AI-1"]
