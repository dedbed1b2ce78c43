"""Every address of the portal, on one screen.

`form` is a page with a form: GET shows it, POST takes exactly the fields named. Whatever is not
here is a 404; another method is a 405.
"""

from __future__ import annotations

from aiohttp import web

from services.gateway.features.account import (
    account,
    address_change,
    password_change,
    phone_change,
    recovery_codes,
)
from services.gateway.features.data_export import my_data
from services.gateway.features.dossiers import home
from services.gateway.features.help import help_pages
from services.gateway.features.language import language
from services.gateway.features.legal import legal_pages
from services.gateway.features.profile import confirmation, profile_pages
from services.gateway.features.profile.profile_form import NAMES
from services.gateway.features.recovery import forgotten_password, lost_phone, not_me
from services.gateway.features.registration import (
    cancel,
    correct_address,
    creation,
    lookups,
    register,
    terms,
    validation,
    validation_link,
    welcome,
)
from services.gateway.features.sign_in import (
    address_code,
    second_factor,
    session,
    sign_in,
    sign_in_enrolment,
)
from services.gateway.features.support_requests import support_request_pages
from services.gateway.http import csp_reports, form_routes
from services.gateway.http.security_headers import REPORTS
from services.gateway.portal.app_keys import ASSETS
from services.gateway.sessions import guards


async def static_file(request: web.Request) -> web.StreamResponse:
    """A file of the fixed list."""
    return await request.app[ASSETS].serve(request)


def setup_routes(app: web.Application) -> None:
    """Enter the whole table."""
    verbs = form_routes.verbs(app.router)
    _public(app, verbs)
    _request(verbs)
    _signing_in(verbs)
    _signed_in(verbs)


def _request(verbs: form_routes.Verbs) -> None:
    """From the form to the account: what a pre-session reaches."""
    page, form, post, question = verbs

    form(
        "/inscription",
        register.show,
        register.submit,
        "first_name last_name address password address_choice address_kept",
        register.away,
    )
    question("/inscription/mot-courant", lookups.listed_word, "password")
    question("/inscription/adresse-proche", lookups.near_address, "address")

    form("/inscription/validation", validation.show, validation.submit, "code")
    post("/inscription/validation/renvoi", validation.resend, "")
    page("/inscription/validation/etat", validation.state)
    page("/inscription/validation/suivi", validation.follow, head=False)
    form(
        "/inscription/adresse",
        correct_address.show,
        correct_address.submit,
        "address password address_choice address_kept",
        correct_address.away,
    )
    form(
        "/inscription/lien",
        validation_link.show,
        validation_link.submit,
        "token password",
        validation_link.away,
    )
    page("/inscription/adresse-validee", terms.verified)
    form("/inscription/conditions", terms.show, terms.submit, "accept version sha256")
    page("/inscription/creation", creation.show)
    page("/inscription/creation/etat", creation.state)
    page("/inscription/creation/suivi", creation.follow, head=False)
    form("/inscription/annuler", cancel.show, cancel.submit, "")


def _signing_in(verbs: form_routes.Verbs) -> None:
    """From the password to the second factor: `needs` is what must have been given (AU-06)."""
    _page, form, post, _question = verbs
    password = guards.half

    form("/connexion", sign_in.show, sign_in.submit, "address password next", sign_in.away)
    form(
        "/connexion/code",
        second_factor.show,
        second_factor.submit,
        "code",
        second_factor.away,
        password,
    )
    form(
        "/connexion/code-de-secours",
        second_factor.show_recovery,
        second_factor.submit_recovery,
        "recovery_code",
        second_factor.away_recovery,
        password,
    )
    form(
        "/connexion/adresse",
        address_code.show,
        address_code.submit,
        "code",
        address_code.away,
        password,
    )
    post("/connexion/adresse/renvoi", address_code.resend, "", address_code.away, password)
    form(
        "/connexion/telephone",
        sign_in_enrolment.show,
        sign_in_enrolment.submit,
        "code",
        sign_in_enrolment.away,
        password,
    )
    post("/connexion/telephone/recommencer", sign_in_enrolment.restart, "", None, password)

    form(
        "/mot-de-passe-oublie",
        forgotten_password.show,
        forgotten_password.submit,
        "address",
        forgotten_password.away,
    )
    form(
        "/mot-de-passe",
        forgotten_password.show_reset,
        forgotten_password.submit_reset,
        "token password",
        forgotten_password.away_reset,
    )
    form("/telephone-perdu", lost_phone.show, lost_phone.submit, "address stolen", lost_phone.away)
    form(
        "/telephone-perdu/confirmer",
        lost_phone.show_confirm,
        lost_phone.confirm,
        "token stolen",
        lost_phone.away_confirm,
    )
    form("/ce-n-est-pas-moi", not_me.show, not_me.submit, "token", not_me.away)


def _signed_in(verbs: form_routes.Verbs) -> None:
    """What both factors open."""
    page, form, post, question = verbs
    both = guards.full

    page("/accueil", home.show, needs=both)
    page("/accueil/dossiers.csv", home.download, head=False, needs=both)
    form(
        "/informations",
        profile_pages.show,
        profile_pages.submit,
        NAMES,
        profile_pages.away,
        both,
        profile_pages.keep,
    )
    question("/informations/etablissement", lookups.establishment, "siret")
    form(
        "/informations/validation",
        confirmation.show,
        confirmation.submit,
        "version shown",
        confirmation.away,
        both,
    )
    form(
        "/connexion/codes-de-secours",
        recovery_codes.show_first,
        recovery_codes.keep_first,
        "kept list",
        needs=both,
    )
    page("/compte", account.show, needs=both)
    post("/compte/sessions/fermer", account.end_one, "session", needs=both)
    post("/compte/sessions/fermer-les-autres", account.end_others, "", needs=both)
    form(
        "/compte/mot-de-passe",
        password_change.show,
        password_change.submit,
        "current_password password code",
        password_change.away,
        both,
    )
    form(
        "/compte/telephone",
        phone_change.show,
        phone_change.submit,
        "password code",
        phone_change.away,
        both,
    )
    form(
        "/compte/telephone/nouveau",
        phone_change.show_new,
        phone_change.submit_new,
        "code",
        phone_change.away_new,
        both,
    )
    post("/compte/telephone/recommencer", phone_change.restart, "", None, both)
    form(
        "/compte/codes-de-secours",
        recovery_codes.ask,
        recovery_codes.make,
        "password code",
        recovery_codes.away,
        both,
    )
    post("/compte/codes-de-secours/gardes", recovery_codes.keep, "kept list", None, both)
    _rights(verbs)

    post("/deconnexion", session.sign_out, "", None, guards.somebody)
    page("/session/etat", session.state)
    question("/session/prolonger", session.prolong, "go")


def _rights(verbs: form_routes.Verbs) -> None:
    """What people may do about what is held about them (B-11, B-14, G-36)."""
    page, form, post, _question = verbs
    both = guards.full

    form(
        "/compte/adresse",
        address_change.show,
        address_change.submit,
        "address password code address_choice address_kept",
        address_change.away,
        both,
    )
    proof = "/compte/adresse/validation"
    form(
        proof,
        address_change.show_proof,
        address_change.submit_proof,
        "code",
        address_change.away_proof,
        both,
    )
    post(f"{proof}/renvoi", address_change.resend, "", address_change.away_proof, both)
    post("/compte/adresse/abandon", address_change.cancel, "", address_change.away_proof, both)
    form(
        "/compte/mes-donnees",
        my_data.show,
        my_data.prove,
        "code",
        my_data.away,
        both,
    )
    page("/compte/mes-donnees.json", my_data.download, needs=both)
    form(
        "/compte/correction",
        support_request_pages.show_correction,
        support_request_pages.submit_correction,
        "about text",
        support_request_pages.away_correction,
        both,
    )
    form(
        "/compte/depart",
        support_request_pages.show_leaving,
        support_request_pages.submit_leaving,
        "date remark confirm",
        support_request_pages.away_leaving,
        both,
    )
    form(
        "/signaler-un-depart",
        support_request_pages.show_report,
        support_request_pages.submit_report,
        "address establishment date remark reporter_name reporter_address",
        support_request_pages.away_report,
    )


def _public(app: web.Application, verbs: form_routes.Verbs) -> None:
    """What anybody may read."""
    page, _form, post, _question = verbs

    page("/", welcome.show)
    post("/langue", language.choose, "lang next")

    for path, view in help_pages.PAGES.items():
        page(path, view)
    page("/conditions", legal_pages.terms)
    page("/donnees-personnelles", legal_pages.privacy)
    page("/mentions-legales", legal_pages.legal)

    app.router.add_post(REPORTS, csp_reports.receive)
    page("/static/{version:[0-9a-f]{16}}/{name:.+}", static_file)
