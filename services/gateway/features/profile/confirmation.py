"""The summary before the information is frozen, and the confirmation (G-34, AX-06).

Confirmed twice, in two tabs or after a lost answer, it is confirmed once: the service sees to that.
Where another tab has saved meanwhile, the new summary is shown.
"""

from typing import Any, NoReturn

from aiohttp import web

from services.gateway.clients.services import ask
from services.gateway.features.profile.profile_pages import summary
from services.gateway.http.errors import HttpError, Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, url
from services.gateway.portal import profile_form
from services.gateway.portal.credentials import code_is_fresh
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import form_page
from services.gateway.portal.fresh_code import give_code
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from services.gateway.sessions.sealed_state import SEALED_STATE
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.profile.requests import ValidateProfile
from shared.contracts.profile.views import ProfileView
from shared.errors import DependencyDown
from shared.messaging.handlers import Refused

code_unavailable = form_page("information_code.html")


async def show(request: web.Request, form: Form) -> web.Response:
    """The draft as it would be frozen; without a valid draft, redirect to the form."""
    found = guards.require_signed_in(request)
    known = await profile_form.describe_profile(request, found.account_id)
    if not code_is_fresh(request, found):
        raise Redirect("confirm_information_code")
    if known.state == "validated" or known.fields is None or known.errors:
        raise Redirect("information")
    shown = summary(request, found, known)
    if form.typed:
        shown["confirmation"].key = form.key
    return _render(request, form, **shown)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Freeze what was shown."""
    found = guards.require_signed_in(request)
    version = profile_form.parse_version(fields["version"])
    if version is None:
        raise HttpError(400, event="input_validation_fail", reason="not a version")
    if not code_is_fresh(request, found):
        raise Redirect("confirm_information_code")
    message = ValidateProfile(account_id=found.account_id, version=version)
    key = idempotency_key(request, "validation", fields)
    try:
        known = await ask(request, message, ProfileView, key)
    except Refused as refused:
        await _refused(request, found, refused)
    if known.validated_at is not None:
        await request.app[SESSIONS].record_validated(found.account_id, known.validated_at)
    return redirect_with_flash(request, "information", "validated")


async def show_unavailable(request: web.Request, form: Form) -> web.Response:
    """The same summary, from what its form brought along: confirmed again it is the same act."""
    found = guards.require_signed_in(request)
    shown = request.app[SEALED_STATE].open(form.request_fields["shown"], found.id)
    if shown is None:
        raise DependencyDown("profile", "the summary cannot be shown")
    lang = request[REQUEST_STATE].lang
    return _render(
        request,
        form,
        confirmation=form,
        listed=profile_form.summarize(profile_form.decode(shown), found.address, lang),
        notes={},
    )


async def show_code(request: web.Request, form: Form) -> web.StreamResponse:
    """The code that « Valider » needs, where the last one is old (SE-09)."""
    found = guards.require_signed_in(request)
    if code_is_fresh(request, found):
        raise Redirect("confirm_information")
    return await code_unavailable(request, form)


async def submit_code(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Check the code, then show the summary."""
    found = guards.require_signed_in(request)
    refused = await give_code(request, found, fields, "validation-totp")
    return refused or redirect(request, "confirm_information")


async def _refused(request: web.Request, found: Session, refused: Refused) -> NoReturn:
    slug = refused.refusal.slug
    if slug == "nothing_saved":
        raise Redirect("information")
    if slug not in ("changed", "not_ready"):
        raise refused
    known = await profile_form.describe_profile(request, found.account_id)
    draft = profile_form.open_fields(request, known)
    if known.state == "validated" or draft is None:
        raise Redirect("information")
    if known.errors:
        raise Redirect("information", verifier=1)
    flash(request, "information_changed")
    raise Redirect("confirm_information")


def _render(request: web.Request, form: Form, **variables: Any) -> web.Response:
    return page(
        request,
        "information_validation.html",
        form=form,
        switch_url=url(request, "confirm_information"),
        **variables,
    )
