"""The states in which each page is rendered and checked: empty, invalid, filled, and others."""

from types import SimpleNamespace
from typing import Any

from services.gateway.features.help import help_screenshots
from services.gateway.http.errors import error_text
from services.gateway.portal import texts
from services.gateway.portal.error_links import LINKS
from services.gateway.portal.plain_text import as_html
from services.gateway.portal.texts import alert_text
from shared.i18n.catalogue import translate
from tests.support.pages.account_states import inside
from tests.support.pages.dossier_states import ROUTES, at_home
from tests.support.pages.information_states import information_states
from tests.support.pages.page_basis import ADDRESS, BRAND, NOW, State, form, rules, view
from tests.support.pages.recovery_states import without_password_or_phone
from tests.support.pages.request_states import follow_up_states
from tests.support.pages.rights_states import rights
from tests.support.pages.sign_in_states import signing_in

TYPED = {"first_name": "Pierre", "last_name": "Durand", "address": "pierre@gmial.com"}
ASKED = {**TYPED, "address_question": "kQ2vX7mB1nP4sT8wZ3cF6hJ9lR5yD0gA-eU_iO2xV7q"}
WRONG = {
    "first_name": ["Saisissez votre prénom."],
    "last_name": [
        (
            "Le nom contient un signe non accepté : utilisez lettres, espaces, traits d'union et "
            "apostrophes."
        )
    ],
    "address": ["Saisissez une adresse au format nom@exemple.fr."],
    "password": ["Saisissez au moins 8 caractères (il y en a 7)."],
}


def _accounts() -> list[State]:
    """Welcome, the account form, sign-in."""
    refused = "Adresse ou mot de passe incorrect."
    return [
        State("welcome", "welcome.html", {"resume": None}),
        State("welcome-resume", "welcome.html", {"resume": view("terms")}),
        State("register", "register.html", {"form": form(), **rules()}, step=1),
        State(
            "register-errors",
            "register.html",
            {"form": form(TYPED, WRONG), **rules()},
            step=1,
        ),
        State(
            "register-suggestion",
            "register.html",
            {"form": form(ASKED, suggestion="pierre@gmail.com"), **rules()},
            step=1,
        ),
        State(
            "register-unavailable",
            "register.html",
            {
                "form": form(TYPED, alert="Ce service ne répond pas."),
                "rules": "{}",
                "policy": [],
            },
            step=1,
        ),
        State("sign_in", "sign_in.html", {"form": form(), "created": False}, "/connexion"),
        State(
            "sign_in-refused",
            "sign_in.html",
            {"form": form({"address": ADDRESS}, alert=refused), "created": False},
            "/connexion",
        ),
    ]


def _validation(
    name: str, state: str, text: str, wait: int, shown: Any = None, action: str = "code"
) -> State:
    return State(
        name,
        "validation.html",
        {
            "action": action,
            "view": view(state=state),
            "form": shown or form(),
            "mail_text": text,
            "resend_in": wait,
        },
        "/inscription/validation",
        2,
    )


def _addresses() -> list[State]:
    """The verification of the address, by code and by link."""
    wrong = form(errors={"code": ["Saisissez les 6 chiffres du code."]})
    refusal = (
        "Ce code n'est pas celui du dernier message, envoyé à 10:42 (heure de Paris). "
        "Encore 4 essais."
    )
    refused = form(alert=refusal, alert_field="code")
    correct = "correct_address.html"
    return [
        _validation("validation", "waiting", "Le message part dans un instant.", 42),
        _validation(
            "validation-accepted",
            "accepted",
            "Message remis au serveur de messagerie à 10:42 (heure de Paris). S'il ne paraît pas "
            "dans quelques minutes, regardez les courriers indésirables et la quarantaine de votre "
            "anti-spam.",
            0,
        ),
        _validation(
            "validation-deferred",
            "deferred",
            "Nouvel essai à 10:47 (heure de Paris). Rien à faire.",
            0,
        ),
        _validation(
            "validation-bounced", "refused", "Boîte inconnue. Corrigez.", 0, action="correct"
        ),
        _validation("validation-full", "refused", "Boîte pleine.", 42, action="resend"),
        _validation("validation-void", "accepted", texts.CODE_VOID, 0, action="resend"),
        _validation(
            "validation-void-soon",
            "accepted",
            texts.CODE_VOID,
            42,
            form(alert="Un message vient de partir."),
            "resend",
        ),
        _validation(
            "validation-format", "accepted", "Message remis à 10:42 (heure de Paris).", 0, wrong
        ),
        _validation(
            "validation-refused", "accepted", "Message remis à 10:42 (heure de Paris).", 0, refused
        ),
        State(
            "correct_address",
            correct,
            {"view": view(), "form": form({"address": ADDRESS})},
            step=2,
        ),
        State(
            "correct_address-errors",
            correct,
            {
                "view": view(),
                "form": form(TYPED, {name: WRONG[name] for name in ("address", "password")}),
            },
            step=2,
        ),
        State("verified", "verified.html", {"view": view("terms")}, step=2),
        *_links(),
    ]


def _link(name: str, shown: Any = None, pending: Any = None, **of_link: Any) -> State:
    link = {"masked_address": None, "needs_password": False, "tries_left": 0, "at": None}
    return State(
        name,
        "link.html",
        {
            "link": SimpleNamespace(**{**link, **of_link}),
            "token": "t" * 43,
            "form": shown or form(),
            "pending": pending,
        },
        "/inscription/lien",
        2 if of_link["state"] in ("valid", "verified") else None,
    )


def _links() -> list[State]:
    masked = "p***@pharmacie-des-lilas.example"
    wrong = form(
        errors={
            "password": ["Ce n'est pas le mot de passe choisi pour cette demande. Encore 3 essais."]
        }
    )
    return [
        _link("link", state="valid", masked_address=masked),
        _link("link-elsewhere", state="valid", masked_address=masked, needs_password=True),
        _link("link-wrong", wrong, state="valid", masked_address=masked, needs_password=True),
        _link("link-replaced", state="replaced", pending=view()),
        _link("link-replaced-elsewhere", state="replaced"),
        _link("link-expired", state="expired", at=NOW, pending=view()),
        _link("link-expired-elsewhere", state="expired", at=NOW),
        _link("link-malformed", state="malformed", pending=view()),
        _link("link-malformed-elsewhere", state="malformed"),
        _link("link-verified", state="verified", pending=view("terms")),
        _link("link-verified-elsewhere", state="verified"),
        _link("link-gone", state="gone"),
        _link("link-gone-another", state="gone", pending=view()),
    ]


TERMS = SimpleNamespace(version="2026-01", date="2026-01-15", sha256="a" * 64, model=True)
TERMS_HTML = as_html(
    "# Objet\n\nCes conditions disent comment le portail s'emploie.\n\n- un\n- deux",
    {},
)


FORMAT = "Saisissez les 12 chiffres du code de reprise, sans erreur : cet essai n'est pas compté."
WRONG_CODE = "Ce n'est pas le code de reprise qui vous a été dit. Encore 4 essais."


def _endings() -> list[State]:
    """Terms, creation, the account found again, cancelling."""
    ticked = form(errors={"accept": ["Cochez la case pour continuer."]})
    shown = {"terms": TERMS, "terms_html": TERMS_HTML, "view": view("terms")}
    creation, resumption = "creation.html", "resumption.html"
    return [
        State("terms", "terms.html", {**shown, "form": form()}, step=3),
        State("terms-errors", "terms.html", {**shown, "form": ticked}, step=3),
        State("creation", creation, {"view": view("terms"), "state": "creating"}, step=3),
        State("creation-done", creation, {"view": view("created"), "state": "created"}, step=3),
        State(
            "creation-resumed",
            creation,
            {"view": view("created", resumed=True), "state": "created"},
            step=3,
        ),
        State("resumption", resumption, {"form": form(), "held": False}, step=3),
        State(
            "resumption-format",
            resumption,
            {"form": form(errors={"code": [FORMAT]}), "held": False},
            step=3,
        ),
        State(
            "resumption-refused",
            resumption,
            {"form": form(alert=WRONG_CODE, alert_field="code"), "held": False},
            step=3,
        ),
        State("resumption-held", resumption, {"form": form(), "held": True}, step=3),
        State("cancel", "cancel.html", {"view": view(), "form": form()}),
        State("cancel-nothing", "cancel.html", {"view": None, "form": form()}),
        State("cancelled", "cancelled.html", {}),
    ]


def _error(status: int, **more: Any) -> State:
    error = error_text(status)
    reference = "7F3A19C2D04E" if status >= 500 else None
    name, label = LINKS.of(status)
    variables = {
        "status": status,
        "heading": translate(error.heading, "fr"),
        "text": translate(error.text, "fr", reference=reference or "", phone=BRAND.phone),
        "reference": reference,
        "steps": [],
        "retry_after": None,
        "way_on": (ROUTES.url(name), translate(label, "fr")),
        **more,
    }
    return State(f"error-{status}", "error.html", variables)


def _retry() -> list[State]:
    """Forms whose page cannot be shown."""
    error, alert = error_text(503), alert_text("unavailable", "fr")
    given = {"heading": translate(error.heading, "fr"), "form": form(alert=alert)}
    code = {"action": "/inscription/validation", "secrets": ["code"], "hidden_fields": {}}
    terms = {
        "action": "/inscription/conditions",
        "secrets": [],
        "hidden_fields": {"accept": "1", "version": "2026-01"},
    }
    return [
        State("retry-code", "retry.html", {**given, **code}, "/inscription/validation"),
        State("retry-terms", "retry.html", {**given, **terms}, "/inscription/conditions"),
    ]


def _plain() -> list[State]:
    """Help, legal pages and errors."""
    document = SimpleNamespace(version="3", date="2026-02-01", text="", sha256="b" * 64)
    own = {"document": document, "document_html": TERMS_HTML}
    guide = {"pictures": help_screenshots.load(), "base": "https://portail.exemple.fr"}
    model = {"document": None, "document_html": None}
    return [
        State("help", "help.html", {}, "/aide"),
        State("help_creation", "help_creation.html", guide, "/aide/creation-de-compte"),
        State("help_phone", "help_phone.html", {}, "/aide/nouveau-telephone"),
        State("glossary", "glossary.html", {}, "/aide/glossaire"),
        State(
            "terms_public",
            "terms_public.html",
            {"terms": TERMS, "terms_html": TERMS_HTML},
            "/conditions",
        ),
        State("privacy", "privacy.html", model, "/donnees-personnelles"),
        State("privacy-own", "privacy.html", own, "/donnees-personnelles"),
        State("legal", "legal.html", model, "/mentions-legales"),
        State("accessibility", "accessibility.html", {}, "/accessibilite"),
        State("sitemap", "sitemap.html", {"links": ROUTES.sitemap()}, "/plan"),
        _error(400),
        _error(403),
        _error(404),
        _error(429, retry_after=125),
        _error(500),
        _error(503, retry_after=5),
    ]


STATES: tuple[State, ...] = (
    *_accounts(),
    *_addresses(),
    *_endings(),
    *_plain(),
    *_retry(),
    *signing_in(),
    *without_password_or_phone(),
    *at_home(),
    *inside(),
    *information_states(),
    *rights(),
    *follow_up_states(),
)
