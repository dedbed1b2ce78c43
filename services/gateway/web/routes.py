"""Every address of the portal, on one screen.

`form` is a page with a form: GET shows it, POST takes exactly the fields named. Whatever is not
here is a 404; another method is a 405.
"""

from __future__ import annotations

from aiohttp import web

from services.gateway.web import posting
from services.gateway.web.keys import ASSETS
from services.gateway.web.security import REPORTS
from services.gateway.web.views import (
    cancel,
    correction,
    creation,
    help_pages,
    language,
    legal_pages,
    link,
    lookups,
    register,
    reports,
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
    page, form, post, question = _verbs(app)

    page("/", welcome.show)
    form("/connexion", sign_in.show, sign_in.submit, "address password", sign_in.away)

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

    post("/langue", language.choose, "lang next")

    for path, view in help_pages.PAGES.items():
        page(path, view)
    page("/conditions", legal_pages.terms)
    page("/donnees-personnelles", legal_pages.privacy)
    page("/mentions-legales", legal_pages.legal)

    app.router.add_post(REPORTS, reports.receive)
    page("/static/{version:[0-9a-f]{16}}/{name:.+}", static_file)


def _verbs(app: web.Application) -> posting.Verbs:
    return posting.verbs(app.router)
