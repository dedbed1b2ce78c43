"""Every address of the portal, on one screen.

`form` is a page with a form: GET shows it, POST takes exactly the fields named. Whatever is not
here is a 404; another method is a 405.
"""

from __future__ import annotations

from aiohttp import web

from services.gateway.web import guards, posting
from services.gateway.web.information import NAMES
from services.gateway.web.keys import ASSETS
from services.gateway.web.security import REPORTS
from services.gateway.web.views import (
    account,
    address_change,
    address_proof,
    cancel,
    correction,
    creation,
    desk_words,
    disavowal,
    enrolment,
    forgotten,
    help_pages,
    home,
    information,
    information_validation,
    language,
    legal_pages,
    link,
    lookups,
    lost_phone,
    password_change,
    personal_data,
    phone_change,
    recovery_codes,
    register,
    reports,
    second_factor,
    session,
    sign_in,
    terms,
    validation,
    welcome,
)


async def static_file(request: web.Request) -> web.StreamResponse:
    """A file of the fixed list."""
    return await request.app[ASSETS].serve(request)


def setup_routes(app: web.Application) -> None:
    """Enter the whole table."""
    verbs = posting.verbs(app.router)
    _public(app, verbs)
    _request(verbs)
    _signing_in(verbs)
    _signed_in(verbs)


def _request(verbs: posting.Verbs) -> None:
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
        correction.show,
        correction.submit,
        "address password address_choice address_kept",
        correction.away,
    )
    form("/inscription/lien", link.show, link.submit, "token password", link.away)
    page("/inscription/adresse-validee", terms.verified)
    form("/inscription/conditions", terms.show, terms.submit, "accept version sha256")
    page("/inscription/creation", creation.show)
    page("/inscription/creation/etat", creation.state)
    page("/inscription/creation/suivi", creation.follow, head=False)
    form("/inscription/annuler", cancel.show, cancel.submit, "")


def _signing_in(verbs: posting.Verbs) -> None:
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
        address_proof.show,
        address_proof.submit,
        "code",
        address_proof.away,
        password,
    )
    post("/connexion/adresse/renvoi", address_proof.resend, "", address_proof.away, password)
    form("/connexion/telephone", enrolment.show, enrolment.submit, "code", enrolment.away, password)
    post("/connexion/telephone/recommencer", enrolment.restart, "", None, password)

    form("/mot-de-passe-oublie", forgotten.show, forgotten.submit, "address", forgotten.away)
    form(
        "/mot-de-passe",
        forgotten.show_reset,
        forgotten.submit_reset,
        "token password",
        forgotten.away_reset,
    )
    form("/telephone-perdu", lost_phone.show, lost_phone.submit, "address stolen", lost_phone.away)
    form(
        "/telephone-perdu/confirmer",
        lost_phone.show_confirm,
        lost_phone.confirm,
        "token stolen",
        lost_phone.away_confirm,
    )
    form("/ce-n-est-pas-moi", disavowal.show, disavowal.submit, "token", disavowal.away)


def _signed_in(verbs: posting.Verbs) -> None:
    """What both factors open."""
    page, form, post, question = verbs
    both = guards.full

    page("/accueil", home.show, needs=both)
    page("/accueil/dossiers.csv", home.download, head=False, needs=both)
    form(
        "/informations",
        information.show,
        information.submit,
        NAMES,
        information.away,
        both,
        information.keep,
    )
    question("/informations/etablissement", lookups.establishment, "siret")
    form(
        "/informations/validation",
        information_validation.show,
        information_validation.submit,
        "version shown",
        information_validation.away,
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


def _rights(verbs: posting.Verbs) -> None:
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
        personal_data.show,
        personal_data.prove,
        "code",
        personal_data.away,
        both,
    )
    page("/compte/mes-donnees.json", personal_data.download, needs=both)
    form(
        "/compte/correction",
        desk_words.show_correction,
        desk_words.submit_correction,
        "about text",
        desk_words.away_correction,
        both,
    )
    form(
        "/compte/depart",
        desk_words.show_leaving,
        desk_words.submit_leaving,
        "date remark confirm",
        desk_words.away_leaving,
        both,
    )
    form(
        "/signaler-un-depart",
        desk_words.show_report,
        desk_words.submit_report,
        "address establishment date remark reporter_name reporter_address",
        desk_words.away_report,
    )


def _public(app: web.Application, verbs: posting.Verbs) -> None:
    """What anybody may read."""
    page, _form, post, _question = verbs

    page("/", welcome.show)
    post("/langue", language.choose, "lang next")

    for path, view in help_pages.PAGES.items():
        page(path, view)
    page("/conditions", legal_pages.terms)
    page("/donnees-personnelles", legal_pages.privacy)
    page("/mentions-legales", legal_pages.legal)

    app.router.add_post(REPORTS, reports.receive)
    page("/static/{version:[0-9a-f]{16}}/{name:.+}", static_file)
