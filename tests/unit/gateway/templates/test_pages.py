"""What every page has, in every state and both languages, read from its HTML."""

import copy
import re
from collections import Counter

from bs4 import Tag

from tests.support.each_row import each_row
from tests.support.pages.page_states import STATES
from tests.support.pages.render_pages import LANGUAGES, THEMES, Page
from tests.unit.gateway.templates.parsed_pages import ALL, FRENCH, one
from tests.unit.gateway.templates.parsed_pages import soup as read

#: English differs in texts only, the neutral brand in its brand block: a few of each are enough.
OTHERS = tuple(
    page
    for page in ALL
    if page not in FRENCH
    and page.state.name
    in ("welcome", "register-errors", "link-wrong", "help", "enrol-wrong", "codes", "account")
)


#: Idempotent by themselves.
WITHOUT_IDEMPOTENCY_KEY = (
    "/langue",
    "/deconnexion",
    "/compte/sessions/fermer",
    "/compte/sessions/fermer-les-autres",
    "/suivi/annulation",
)

each_page = each_row("page", [*FRENCH, *OTHERS], ids=lambda page: page.name)


def test_there_is_a_state_for_every_page_and_brand() -> None:
    assert len(ALL) == len(STATES) * len(LANGUAGES) * len(THEMES)
    assert len({state.name for state in STATES}) == len(STATES)


@each_page
def test_ax_01_language_title_heading_and_landmarks(page: Page) -> None:
    soup = read(page)
    assert one(page, "html")["lang"] == page.language
    assert one(page, "head > title").get_text().endswith(" - IMPEXWEB")
    assert one(page, "h1").get_text(strip=True)
    for landmark in ("header[role=banner]", "main[role=main]", "footer[role=contentinfo]"):
        one(page, landmark)
    first = soup.find("body").find("a")  # type: ignore[union-attr]
    assert first is not None
    assert first["href"] == "#contenu"
    for link in soup.select(".fr-skiplinks a"):
        assert soup.select(str(link["href"])), link


@each_page
def test_ids_are_unique_and_references_lead_somewhere(page: Page) -> None:
    soup = read(page)
    ids = [str(element["id"]) for element in soup.select("[id]")]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    for name in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
        for element in soup.select(f"[{name}]"):
            for expected in str(element[name]).split():
                assert expected in ids, f"{name}={expected}"
    for link in soup.select("main a[href^='#']"):
        assert str(link["href"])[1:] in ids


@each_page
def test_wf_02_nothing_is_inline_but_data(page: Page) -> None:
    soup = read(page)
    assert soup.select("style, [style]") == []
    for script in soup.select("script"):
        if script.get("type") == "application/json":
            assert "<" not in script.get_text()
            continue
        assert script["type"] == "module"
        assert script["nonce"]
        assert script["src"]
        assert not script.get_text(strip=True)
    handlers = [name for tag in soup.find_all(True) for name in tag.attrs if name.startswith("on")]
    assert handlers == []


@each_page
def test_wf_05_every_form_carries_its_token_and_key(page: Page) -> None:
    for form in read(page).select("form"):
        if form["method"] == "get":  # a search changes nothing; its address must contain no token
            assert not form.select("[name=csrf], [name=key]")
            continue
        assert form["method"] == "post"
        assert form.select_one("input[type=hidden][name=csrf]")
        keyed = form.select_one("input[type=hidden][name=key]") is not None
        assert keyed == (form["action"] not in WITHOUT_IDEMPOTENCY_KEY)


@each_page
def test_no_mark_up_is_shown_as_text(page: Page) -> None:
    if page.state.name == "home-hostile":  # fields of events with mark-up, which is inert as text
        return
    text = read(page).find("body").get_text()  # type: ignore[union-attr]
    assert not re.search(r"</?\w+[ >]|&#?\w+;|\{\w*\}", text)


@each_page
def test_p_22_the_contacts_are_on_a_screen_once(page: Page) -> None:
    """G-45: in the footer; pages of several screens have them in their text too."""
    long = page.state.name in ("help", "help_creation", "legal")
    assert len(read(page).select(".impex-contacts")) == (2 if long else 1)


@each_page
def test_p_22_no_sentence_is_on_a_page_twice(page: Page) -> None:
    """Long ones; what dialogs and hidden parts hold for later is not seen at the same time.

    Not on pages of several screens or with people's own data, nor at the enrolment, of whose two
    orders of steps a phone shows one and a computer the other.
    """
    if page.state.name.startswith(("help", "terms", "legal", "privacy", "home", "data", "enrol")):
        return
    main = copy.copy(read(page).find("main"))
    assert isinstance(main, Tag)
    for hidden in main.select("[hidden], .fr-sr-only, #erreurs, dialog, script"):
        hidden.decompose()
    shown = [" ".join(one.split()) for one in main.stripped_strings]
    sentences = Counter(one for one in shown if len(one) > 60)
    assert [one for one, times in sentences.items() if times > 1] == []


#: `10:42`, `10h42`, `10.42 pm`, and what may follow it.
HOUR = re.compile(r"\b\d{1,2}(?::|\s?h\s?)\d\d\b(?!:)(.{0,17})")


@each_page
def test_p_19_every_hour_has_its_zone(page: Page) -> None:
    """« jusqu'à 12:31 » is past in La Réunion."""
    text = " ".join(read(page).get_text(" ").replace("\u00a0", " ").split())
    for after in HOUR.findall(text):
        assert after.startswith((" (heure de Paris)", " (Paris time)")), after


@each_page
def test_ax_04_errors_are_named_tied_and_summed_up(page: Page) -> None:
    soup = read(page)
    wrong = soup.select("main [aria-invalid=true]")
    prefix = "Erreur\u00a0: " if page.language == "fr" else "Error: "
    refused = bool(wrong or soup.select("#alerte"))
    assert one(page, "head > title").get_text().startswith(prefix) == refused
    if wrong:
        links = [str(link["href"]) for link in soup.select("#erreurs a, #alerte a")]
        assert links == [f"#{field['id']}" for field in wrong]
    for field in wrong:
        tied = str(field["aria-describedby"]).split()[-1]
        assert one(page, f"#{tied}").get_text(strip=True)


@each_page
def test_ax_04_mandatory_fields_are_marked_before_sending(page: Page) -> None:
    for form in read(page).select("main form"):
        if form.select("[required]"):
            shown = form.get_text().lower()
            assert "obligatoire" in shown or "required" in shown


@each_page
def test_p_23_labels_are_short_and_hints_are_tied_to_their_field(page: Page) -> None:
    soup = read(page)
    for label in soup.select("main label"):
        assert not label.select(".fr-hint-text")
        assert len(label.get_text(" ").split()) <= 16, label
    for hint in soup.select("main :is(.fr-input-group, .fr-select-group) > .fr-hint-text"):
        assert soup.select(f"[aria-describedby~='{hint['id']}']"), hint


@each_page
def test_passwords_are_never_shown_again_and_may_be_pasted(page: Page) -> None:
    """PW-07: a password field, with a button to show it, that managers fill in."""
    for field in read(page).select("input[name=password]"):
        assert field["type"] == "password"
        assert "value" not in field.attrs
        assert field["autocomplete"] in ("current-password", "new-password")
        assert read(page).select_one(f"#{field['id']}-show")


@each_page
def test_ax_10_help_is_at_the_same_place(page: Page) -> None:
    """G-45: telephone and addresses on every page; the help link is at the same place."""
    soup = read(page)
    links = soup.select("body a")
    place = [link.get("id") for link in links].index("lien-aide")
    brand_links = 1
    assert place == 3 + brand_links
    contacts = one(page, "footer .impex-contacts").get_text()
    for expected in ("01.55.87.40.90", "importation-medicaments@", "exportation-medicaments@"):
        assert expected in contacts


@each_page
def test_ax_11_the_footer_states_the_level_of_accessibility(page: Page) -> None:
    text = one(page, "footer a[href='/accessibilite']").get_text()
    assert text in ("Accessibilité\u00a0: non conforme", "Accessibility: not compliant")


@each_page
def test_only_the_state_brand_has_the_brand_block(page: Page) -> None:
    assert bool(read(page).select(".fr-logo")) == (page.theme == "dsfr")


@each_page
def test_the_other_language_is_one_press_away(page: Page) -> None:
    button = one(page, "button[name=lang]")
    assert button["value"] != page.language
    assert button["lang"] == button["value"]
