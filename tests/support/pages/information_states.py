"""The states of the complementary information: form, summary, frozen."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from services.gateway.features.profile.draft_conflicts import OtherValue
from services.gateway.portal import profile_form
from services.gateway.portal.country_hints import country_context
from services.gateway.portal.profile_fields import ESTABLISHMENT, FIELDS, PERSON, rows_of
from services.gateway.portal.profile_messages import information_texts
from services.gateway.portal.texts import alert_text
from shared.contracts.base import FieldError
from shared.contracts.profile.views import ProfileFields
from shared.domain.countries import SIRET_COUNTRIES
from tests.support.pages.page_basis import ADDRESS, NOW, State, form, me
from tests.support.pages.sign_in_states import flash, refused

PATH, SUMMARY = "/informations", "/informations/validation"
NAMED = ProfileFields(first_name="Pierre", last_name="Durand-Lefebvre")
#: A French hospital pharmacy, complete.
FRENCH = ProfileFields(
    last_name="Durand-Lefebvre",
    first_name="Pierre",
    phone="01 55 87 40 90",
    phone_extension="4512",
    position="responsible_pharmacist",
    country="FR",
    siret="73282932000074",
    company_name="Centre hospitalier intercommunal des Lilas",
    establishment_type="hospital_pharmacy",
    postal_code="93260",
    address="12 rue de l'Égalité",
    address_extra="Bâtiment C, 2e étage",
    city="Les Lilas CEDEX",
    terms=True,
)
#: A Belgian laboratory, complete.
BELGIAN = ProfileFields(
    last_name="Peeters",
    first_name="Annelies",
    phone="+32 2 555 12 34",
    position="other",
    position_other="Qualified Person",
    country="BE",
    company_name="Laboratoires Peeters NV",
    establishment_type="other",
    establishment_type_other="Research laboratory",
    postal_code="1000",
    address="Rue de la Loi 16",
    city="Brussel",
    vat="BE0403170701",
    terms=True,
)
WRONG = (
    FieldError(field="last_name", code="missing"),
    FieldError(field="first_name", code="web_address", params={"host": "bit.ly"}),
    FieldError(field="phone", code="other_territory", params={"country": "GP", "prefix": "+590"}),
    FieldError(field="phone_extension", code="digits_only"),
    FieldError(field="position", code="missing"),
    FieldError(field="position_other", code="missing"),
    FieldError(field="country", code="missing"),
    FieldError(field="siret", code="wrong_key"),
    FieldError(field="closed_reason", code="missing"),
    FieldError(field="vat", code="invalid", params={"prefix": "BE"}),
    FieldError(field="lei", code="invalid"),
    FieldError(field="eori", code="invalid"),
    FieldError(field="company_name", code="too_long", params={"max": 200}),
    FieldError(field="establishment_type", code="missing"),
    FieldError(field="establishment_type_other", code="missing"),
    FieldError(field="address", code="too_long", params={"max": 200}),
    FieldError(field="address_extra", code="forbidden_characters"),
    FieldError(field="postal_code", code="corsican"),
    FieldError(field="city", code="missing"),
    FieldError(field="terms", code="missing"),
)
#: What another window has saved of the French form.
OTHERS = {
    "phone": OtherValue("01 55 87 40 91", "01 55 87 40 91"),
    "position": OtherValue("other", "Autres"),
    "country": OtherValue("BE", "Belgique"),
    "siret": OtherValue("", ""),
    "company_name": OtherValue("Laboratoires Peeters NV", "Laboratoires Peeters NV"),
    "city": OtherValue("Les Lilas", "Les Lilas"),
}
CLOSED = FieldError(field="siret", code="closed", params={"date": "2024-05-31"})


def of_siret(code: str) -> tuple[FieldError, ...]:
    """One warning about the SIRET."""
    return (FieldError(field="siret", code=code),)


def _confirmation() -> SimpleNamespace:
    return form({"version": "3", "shown": "s" * 80})


def _form(
    name: str,
    shown: SimpleNamespace,
    warnings: tuple[FieldError, ...] = (),
    others: dict[str, OtherValue] | None = None,
    **more: Any,
) -> State:
    given = {
        "form": shown,
        "address": ADDRESS,
        "siret_countries": sorted(SIRET_COUNTRIES),
        "closed_asked": any(one.code == "closed" for one in warnings),
        "saved_at": None,
        "unsaved": False,
        "confirmation": None,
        "notes": {},
    }

    def localized(lang: str) -> dict[str, Any]:
        return {
            "fields": FIELDS,
            "person_rows": rows_of(PERSON),
            "establishment_rows": rows_of(ESTABLISHMENT),
            "choices": profile_form.choices(lang),
            "others": others or {},
            "country": country_context(shown.values["country"], lang),
            "warnings": information_texts(warnings, lang),
            "listed": profile_form.summarize(FRENCH, ADDRESS, lang),
        }

    return State(name, "information.html", {**given, **more}, PATH, 5, me(), localized)


def _filled(fields: ProfileFields, **more: Any) -> SimpleNamespace:
    values = {**profile_form.to_form(fields), "mark": "m" * 60}
    return form(values, **more)


def _summary(name: str, fields: ProfileFields, **more: Any) -> State:
    given = {
        "form": None,
        "confirmation": _confirmation(),
        "notes": {},
    }
    template = "information_validation.html"
    return State(name, template, {**given, **more}, SUMMARY, 5, me(), listed(fields))


def _frozen(name: str, fields: ProfileFields, **more: Any) -> State:
    template = "information_frozen.html"
    return State(name, template, more, PATH, None, me(validated=True), listed(fields))


def listed(fields: ProfileFields) -> Callable[[str], dict[str, Any]]:
    """The information as pages list it, by language."""
    return lambda lang: {"listed": profile_form.summarize(fields, ADDRESS, lang)}


def information_states() -> list[State]:
    """From the empty form to the frozen list."""
    unavailable = _filled(FRENCH, alert=alert_text("unavailable", "fr"))
    stale = _filled(FRENCH, alert=alert_text("form_expired", "fr"))
    wrong = _filled(NAMED, errors=information_texts(WRONG, "fr"))
    no_number = _filled(FRENCH, errors=information_texts(of_siret("not_for_country"), "fr"))
    changed = alert_text("draft_changed", "fr", date="27 novembre 2026 à 10:42 (heure de Paris)")
    two_versions = _filled(FRENCH, alert=changed)
    open_summary = {"confirmation": _confirmation(), "saved_at": NOW}
    again = form({"version": "3", "shown": "s" * 80}, alert=alert_text("unavailable", "fr"))
    return [
        _form("information", _filled(NAMED)),
        _form("information-saved", _filled(FRENCH), saved_at=NOW, **_saved_notice()),
        _form("information-draft", _filled(FRENCH), saved_at=NOW),
        _form("information-errors", wrong, saved_at=NOW, closed_asked=True),
        _form("information-wrong-country", no_number, saved_at=NOW),
        _form("information-closed", _filled(FRENCH), saved_at=NOW, warnings=(CLOSED,)),
        _form("information-unlisted", _filled(FRENCH), saved_at=NOW, warnings=of_siret("unlisted")),
        _form(
            "information-deferred",
            _filled(FRENCH),
            saved_at=NOW,
            warnings=of_siret("check_deferred"),
        ),
        _form("information-foreign", _filled(BELGIAN), saved_at=NOW),
        _form("information-unavailable", unavailable, unsaved=True),
        _form("information-stale", stale, unsaved=True),
        _form("information-typed-again", _filled(FRENCH), unsaved=True, **flash("typed_again")),
        _form("information-two-versions", two_versions, unsaved=True, saved_at=NOW, others=OTHERS),
        _form("information-dialog", _filled(FRENCH), **open_summary),
        _summary("information_validation", FRENCH),
        _summary("information_validation-foreign", BELGIAN),
        _summary(
            "information_validation-closed",
            FRENCH,
            notes=information_texts((CLOSED,), "fr"),
        ),
        _summary("information_validation-changed", FRENCH, **flash("information_changed")),
        _summary("information_validation-unavailable", FRENCH, form=again, confirmation=again),
        *(
            State(name, "information_code.html", {"form": given}, f"{SUMMARY}/code", 5, me())
            for name, given in (
                ("information_code", form()),
                ("information_code-wrong", refused("totp_wrong_code", tries_left=3)),
            )
        ),
        _frozen("information_frozen", FRENCH),
        _frozen("information_frozen-foreign", BELGIAN),
        _frozen("information_frozen-again", FRENCH, **flash("already_validated")),
        State(
            "sign_in-session_closed_typed",
            "sign_in.html",
            {
                "form": form({"next": "informations"}),
                "created": False,
                **flash("session_closed_typed"),
            },
            "/connexion",
        ),
    ]


def _saved_notice() -> dict[str, Any]:
    kind, text = flash("draft_saved")["flash"][0]
    return {"flash": [(kind, text.replace("{saved}", "10:42 (heure de Paris)"))]}
