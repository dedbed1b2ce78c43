"""The states of the pages between the password and the home page."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup

from services.gateway.portal import qr
from services.gateway.portal.flash import FLASHES
from services.gateway.portal.texts import alert_text
from shared.i18n.catalogue import translate
from tests.support.pages.page_basis import ADDRESS, ALONE, BRAND, NOW, State, form, me

HALF = me(full=False)
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
URI = f"otpauth://totp/IMPEXWEB:{ADDRESS.replace('@', '%40')}?secret={KEY}&issuer=IMPEXWEB"
CODES = [
    f"{a}{b}{a}{b} K7QM 2RXC {b}{a}VN" for a, b in zip("ABCDEFGHIJ", "MNOPQRSTUV", strict=True)
]


def new_terms() -> list[State]:
    """A new version of the terms, before and after the day from which it binds."""
    terms = SimpleNamespace(
        version="2", date="2026-11-02", binding="2026-12-24", sha256="a" * 64, model=False
    )
    given = {"terms": terms, "terms_html": Markup("<p>Texte</p>"), "form": form()}
    open_still = {**given, "due": False, "later_url": "/accueil"}
    due = {**given, "due": True, "later_url": ""}
    wrong = {**due, "form": form(errors={"accept": ["Cochez la case pour continuer."]})}
    path = "/connexion/conditions"
    return [
        State("new_terms", "new_terms.html", open_still, path, me=me()),
        State("new_terms-due", "new_terms.html", due, path, me=me()),
        State("new_terms-errors", "new_terms.html", wrong, path, me=me()),
    ]


def flash(code: str) -> dict[str, Any]:
    """A notice after a redirect."""
    kind, text = FLASHES[code]
    return {"flash": [(kind, translate(text, "fr", **BRAND.names("fr")))]}


def refused(slug: str, field: str | None = "code", **values: object) -> SimpleNamespace:
    """A form with the text of a refusal."""
    return form(alert=alert_text(slug, "fr", **BRAND.names("fr"), **values), alert_field=field)


def signing_in() -> list[State]:
    """After the password: the code, a recovery code, enrolment, the address again, the codes."""
    return [*new_terms(), *_sign_in(), *_codes(), *_enrolments(), *_addresses(), *_recovery_codes()]


def _sign_in() -> list[State]:
    codes = ("password_reset", "session_closed", "signed_out", "too_late")
    created = {"form": form({"address": ADDRESS}), "created": True}
    wrong = {**created, "form": form({"address": ADDRESS}, alert="Adresse ou mot de passe.")}
    limit = {"wait": "24 h", "time": "10:42 (heure de Paris) le 24 novembre 2026"}
    locked = {"form": refused("too_many_tries_address", None, **limit), "created": False}
    return [
        *(
            State(
                f"sign_in-{code}",
                "sign_in.html",
                {"form": form(), "created": False, **flash(code)},
                "/connexion",
            )
            for code in codes
        ),
        State("sign_in-created", "sign_in.html", created, "/connexion", 4),
        State("sign_in-created-refused", "sign_in.html", wrong, "/connexion", 4),
        State("sign_in-address-locked", "sign_in.html", locked, "/connexion"),
    ]


def _code(name: str, shown: SimpleNamespace, **more: Any) -> State:
    given = {"form": shown, **more}
    return State(name, "sign_in_code.html", given, "/connexion/code", me=HALF)


def _codes() -> list[State]:
    """The code of the phone, and every refusal."""
    wait = {"wait": "2 min", "time": "10:44 (heure de Paris)"}
    recovery = "sign_in_recovery.html"
    unknown = form(errors={"recovery_code": ["Saisissez un de vos codes de secours."]})
    wrong = refused("recovery_refused", "recovery_code", tries_left=4)
    return [
        _code("code", form()),
        _code("code-enrolled", form(), **flash("already_enrolled")),
        _code("code-without-recovery", form(), brand=replace(BRAND, recovery_codes=False)),
        _code("code-format", form(errors={"code": ["Saisissez les 6 chiffres du code."]})),
        _code("code-wrong", refused("totp_wrong_code", tries_left=4)),
        _code("code-used", refused("code_used")),
        _code("code-slow", refused("clock_off_slow", minutes=4)),
        _code("code-slow-locked", refused("clock_off_slow", minutes=4, **wait)),
        _code("code-locked", refused("too_many_codes", **wait)),
        _code("code-unavailable", refused("unavailable", None)),
        _code("code-alone", form(), brand=ALONE),
        *(
            State(
                f"replacement{name}",
                "sign_in_replacement.html",
                {"form": shown, "until": until, "brand": ALONE},
                "/connexion/nouveau-telephone",
                me=HALF,
            )
            for name, shown, until in (
                ("", form(), NOW + timedelta(days=7)),
                ("-none", form(), None),
                ("-refused", refused("replacement_refused", None), NOW + timedelta(days=7)),
            )
        ),
        State("recovery", recovery, {"form": form()}, "/connexion/code-de-secours", me=HALF),
        State("recovery-missing", recovery, {"form": unknown}, me=HALF),
        State("recovery-refused", recovery, {"form": wrong}, me=HALF),
    ]


def _enrolment(name: str, shown: SimpleNamespace, **more: Any) -> State:
    given = {
        "qr": qr.svg(URI, "IMPEXWEB"),
        "key_groups": [KEY[at : at + 4] for at in range(0, 32, 4)],
        "uri": URI,
        "action": "/connexion/telephone",
        "restart": "/connexion/telephone/recommencer",
        "replaces": False,
        "by_recovery_code": False,
        "signing_in": True,
        "expires_at": NOW + timedelta(minutes=30),
        "form": shown,
    }
    given |= more
    first = given["signing_in"] and not given["replaces"]
    who = HALF if given["signing_in"] else me()
    return State(name, "enrol.html", given, str(given["action"]), 4 if first else None, who)


def _enrolments() -> list[State]:
    """The QR code: first phone, next phone from the account, next phone by a recovery code."""
    account = {
        "action": "/compte/telephone/code",
        "restart": "/compte/telephone/recommencer",
        "replaces": True,
        "signing_in": False,
    }
    return [
        _enrolment("enrol", form()),
        _enrolment("enrol-format", form(errors={"code": ["Saisissez les 6 chiffres du code."]})),
        _enrolment("enrol-wrong", refused("enrolment_wrong_code")),
        _enrolment("enrol-gone", form(), **flash("enrolment_gone")),
        _enrolment("enrol-due", form(), **flash("phone_due")),
        _enrolment("enrol-proved", form(), **flash("address_proved")),
        _enrolment("enrol-recovered", form(), replaces=True, by_recovery_code=True),
        _enrolment("enrol-alone", form(), replaces=True),
        _enrolment("enrol-replaces", form(), **account),
    ]


def _address(
    name: str, shown: SimpleNamespace, wait: int = 0, tries_left: int = 5, **more: Any
) -> State:
    view = SimpleNamespace(
        address=ADDRESS,
        code_sent_at=NOW,
        expires_at=NOW + timedelta(minutes=10),
        resend_at=NOW + timedelta(minutes=1),
        tries_left=tries_left,
    )
    given = {"view": view, "form": shown, "resend_in": wait, **more}
    return State(name, "address_code.html", given, "/connexion/adresse", 4, HALF)


def _addresses() -> list[State]:
    """The verification of the address before the first phone (OT-13)."""
    at = "23 novembre 2026 à 10:52 (heure de Paris)"
    wait = {"wait": "42 s", "time": "10:43 (heure de Paris)"}
    return [
        _address("address", form(), 42),
        _address("address-wrong", refused("address_wrong_code", tries_left=4)),
        _address("address-void", form(), tries_left=0),
        _address("address-void-soon", refused("too_soon", None, **wait), 42, 0),
        _address("address-expired", refused("address_code_expired", date=at)),
        _address("address-resent", form(), 60, **flash("resent_address")),
    ]


def _recovery_codes() -> list[State]:
    """The list, shown once."""
    unticked = form(
        errors={
            "kept": ["Mettez vos codes en lieu sûr, puis cochez la case pour continuer."],
        }
    )
    given = {
        "codes": CODES,
        "made_at": NOW,
        "renewed": False,
        "base": "https://portail.exemple.fr",
        "action": "/connexion/codes-de-secours",
        "form": form({"list": NOW.isoformat()}),
    }
    page = "recovery_codes.html"
    path = "/connexion/codes-de-secours"
    return [
        State("codes", page, {**given, **flash("enrolled")}, path, me=me()),
        State("codes-validated", page, given, path, me=me(validated=True)),
        State("codes-renewed", page, {**given, "renewed": True}, path, me=me()),
        State("codes-due", "recovery_codes_due.html", {"form": form()}, path, me=me()),
        State("codes-unticked", page, {**given, "form": unticked}, path, me=me()),
    ]
