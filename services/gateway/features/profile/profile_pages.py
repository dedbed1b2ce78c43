"""« Créer Informations complémentaires »: the form, saved valid or not (G-30 to G-34).

Nothing typed is lost: drafts are saved as typed, the form comes back where a service is
unavailable, and input posted after the session has ended is saved for its holder.
"""

from typing import Any

from aiohttp import web

from services.gateway.clients.registration_texts import current_terms
from services.gateway.clients.services import ask, seal
from services.gateway.features.profile.draft_conflicts import (
    OtherValue,
    is_outdated,
    other_values,
    take_over,
)
from services.gateway.features.profile.page_token import issue_token, read_token
from services.gateway.http.errors import HttpError, Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, url
from services.gateway.http.site import CLOCK
from services.gateway.portal import profile_form
from services.gateway.portal.country_hints import country_context
from services.gateway.portal.credentials import code_is_fresh
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import refused_form
from services.gateway.portal.profile_fields import ESTABLISHMENT, FIELDS, PERSON, rows_of
from services.gateway.portal.profile_messages import information_texts
from services.gateway.portal.texts import alert_text, date_text
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from services.gateway.sessions.saved_forms import SAVED_FORMS
from services.gateway.sessions.sealed_state import SEALED_STATE
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.base import FieldError
from shared.contracts.profile.requests import SaveProfile
from shared.contracts.profile.views import ProfileFields, ProfileView
from shared.domain.countries import SIRET_COUNTRIES
from shared.messaging.handlers import Refused

ACTIONS = ("save", "validate", "close")


async def show(request: web.Request, form: Form) -> web.Response:
    """The form as it was typed, else with the draft, or what is frozen."""
    found = guards.require_signed_in(request)
    known = await profile_form.describe_profile(request, found.account_id)
    if known.state == "validated":
        return await frozen(request, found, known)
    if form.typed:
        token = read_token(request, form.values.get("mark", ""))
        await _clear_outdated_tick(request, found, form, token.terms_version if token else "")
        unsaved = form.values.get("draft") != "saved"
        return await render(request, form, known, unsaved=unsaved)
    draft = profile_form.open_fields(request, known)
    if draft is None:
        mine = ProfileFields(first_name=found.first_name, last_name=found.last_name)
        return await render(request, Form(values=profile_form.to_form(mine)), known)
    form = Form(values=profile_form.to_form(draft))
    if "verifier" in request.query:
        invalid(request, form, known.errors)
    await _clear_outdated_tick(request, found, form, known.terms_version)
    confirm = "valider" in request.query and not known.errors and form.alert is None
    return await render(request, form, known, confirm=confirm)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Save the draft; « Valider » goes on to the summary where there is no error."""
    found = guards.require_signed_in(request)
    action = fields["action"] or ACTIONS[0]
    if action not in ACTIONS:
        raise HttpError(400, event="input_validation_fail", reason="unknown action")
    token = read_token(request, fields["mark"])
    if token is None or token.account_id != found.account_id:
        raise HttpError(400, event="input_validation_fail", reason="another page's mark")
    if fields["take"]:
        return await _take_over(request, found, fields)
    document = profile_form.encode(profile_form.submitted(fields))
    message = SaveProfile(
        account_id=found.account_id,
        fields=seal(request, SaveProfile, "fields", document),
        terms_version=token.terms_version,
    )
    key = idempotency_key(request, "information", fields)
    try:
        saved = await ask(request, message, ProfileView, key)
    except Refused as refused:
        return _refused(request, fields, refused)
    followed = _followed(request, fields, saved)
    if action == "close" and not followed:
        return redirect_with_flash(request, "home", "draft_closed")
    errors = [one for one in saved.errors if action == "validate" or one.code != "missing"]
    if errors:
        await request.app[SAVED_FORMS].delete_for_account("information", found.account_id)
        form = Form.again(fields | followed)
        form.values |= {"draft": "saved", "version": str(saved.version)}
        return invalid(request, form, tuple(errors))
    if action == "validate":
        # The summary opens in a dialog over the form, unless a code is asked for first.
        if fields["dialog"] == "1" and code_is_fresh(request, found):
            return redirect(request, "information", valider=1)
        return redirect(request, "confirm_information")
    return redirect_with_flash(
        request, "information", "draft_followed" if followed else "draft_saved"
    )


async def show_unavailable(request: web.Request, form: Form) -> web.Response:
    """The form with what was typed: the same key makes sending it again the same act."""
    return await render(request, form, None, unsaved=True)


def invalid(request: web.Request, form: Form, errors: tuple[FieldError, ...]) -> Form:
    """The form with its errors, each at its field; the draft is saved all the same."""
    form.explain(request[REQUEST_STATE].lang, errors=lambda lang: information_texts(errors, lang))
    return form


async def frozen(request: web.Request, found: Session, known: ProfileView) -> web.Response:
    """What is validated, to be read; the session knows it from now on."""
    if not found.validated:
        at = known.validated_at or request.app[CLOCK]()
        await request.app[SESSIONS].record_validated(found.account_id, at)
    lang, fields = request[REQUEST_STATE].lang, profile_form.open_fields(request, known)
    assert fields is not None
    return page(
        request,
        "information_frozen.html",
        listed=profile_form.summarize(fields, found.address, lang),
        switch_url=url(request, "information"),
    )


async def render(
    request: web.Request,
    form: Form,
    known: ProfileView | None,
    *,
    confirm: bool = False,
    unsaved: bool = False,
) -> web.Response:
    """The form. `known` is None where the service is unavailable; `confirm` shows the summary
    over it.
    """
    found, lang = request[REQUEST_STATE].session, request[REQUEST_STATE].lang
    others: dict[str, OtherValue] = {}
    if known is not None:
        draft = profile_form.open_fields(request, known)
        if draft is not None and is_outdated(form.values, known.version):
            others = other_values(form.values, draft, lang)
        form.values["version"] = str(known.version)
    if others:
        saved_at = date_text(known.saved_at, lang) if known and known.saved_at else ""
        form.alert = alert_text("draft_changed", lang, date=saved_at)
    if found is not None:
        form.values["mark"] = await _page_token(request, found, form.values.get("mark", ""))
    warnings = information_texts(known.warnings if known else (), lang)
    return page(
        request,
        "information.html",
        form=form,
        address=found.address if found else "",
        fields=FIELDS,
        person_rows=rows_of(PERSON),
        establishment_rows=rows_of(ESTABLISHMENT),
        choices=profile_form.choices(lang),
        country=country_context(form.values.get("country", ""), lang),
        siret_countries=sorted(SIRET_COUNTRIES),
        warnings=warnings,
        closed_asked=closed_asked(known, form) or "closed_reason" in others,
        others=others,
        saved_at=known.saved_at if known else None,
        unsaved=unsaved,
        **summary(request, found, known if confirm else None),
        switch_url=url(request, "information"),
    )


def closed_asked(known: ProfileView | None, form: Form) -> bool:
    """Whether the form shows the reason for a closed establishment."""
    closed = known is not None and any(one.code == "closed" for one in known.warnings)
    return closed or bool(form.errors.get("closed_reason") or form.values.get("closed_reason"))


def summary(
    request: web.Request, found: Session | None, known: ProfileView | None
) -> dict[str, Any]:
    """What the summary shows, and its form, which brings all of it along sealed; nothing where
    `known` is None."""
    fields = profile_form.open_fields(request, known) if known else None
    if found is None or known is None or fields is None:
        return {"listed": None, "confirmation": None, "notes": {}}
    lang = request[REQUEST_STATE].lang
    sealed = request.app[SEALED_STATE].seal(profile_form.encode(fields), found.id)
    return {
        "listed": profile_form.summarize(fields, found.address, lang),
        "confirmation": Form(values={"version": str(known.version), "shown": sealed}),
        "notes": information_texts(known.warnings, lang),
    }


async def _page_token(request: web.Request, found: Session, former: str) -> str:
    """The page's token: with the version of the terms that its form was shown with, else the one in
    force.
    """
    known = read_token(request, former)
    if known is not None and known.account_id == found.account_id:
        return former
    version = (await current_terms(request, request[REQUEST_STATE].lang)).version
    return issue_token(request, found.account_id, version)


async def _clear_outdated_tick(
    request: web.Request, found: Session, form: Form, agreed_version: str
) -> None:
    """Clear a tick that was set for another version of the terms than the one in force (G-13)."""
    lang = request[REQUEST_STATE].lang
    form.values["mark"] = await _page_token(request, found, "")
    token = read_token(request, form.values["mark"])
    if form.values[profile_form.TERMS_CHECKBOX] and (
        token is None or token.terms_version != agreed_version
    ):
        form.values[profile_form.TERMS_CHECKBOX] = ""
        terms = await current_terms(request, lang)
        form.alert = alert_text("terms_changed", lang, date=date_text(terms.date, lang))


def _followed(request: web.Request, fields: dict[str, str], saved: ProfileView) -> dict[str, str]:
    """What the service changed in the form because the SIRET is another one (T-02)."""
    draft = profile_form.open_fields(request, saved)
    stored = profile_form.to_form(draft) if draft else {}
    filled_in = [name for name in fields["filled_in"].split() if name in profile_form.TYPED]
    if all(stored.get(name, "") == fields[name] for name in filled_in):
        return {}
    flash(request, "siret_followed")
    return stored


async def _take_over(request: web.Request, found: Session, fields: dict[str, str]) -> Form:
    """The form with values of the other version; nothing is saved yet."""
    known = await profile_form.describe_profile(request, found.account_id)
    draft = profile_form.open_fields(request, known)
    if known.state == "validated":
        flash(request, "already_validated")
        raise Redirect("information")
    if draft is None:
        raise HttpError(400, event="input_validation_fail", reason="there is no other version")
    values = take_over(fields, draft, fields["take"])
    if values is None:
        raise HttpError(400, event="input_validation_fail", reason="an unknown field to take")
    return Form.again(values)


def _refused(request: web.Request, fields: dict[str, str], refused: Refused) -> Form:
    slug = refused.refusal.slug
    if slug == "already_validated":
        flash(request, "already_validated")
        raise Redirect("information")
    if slug == "changed":
        return Form.again(fields)  # its page compares both versions
    if slug == "unknown_choice":
        reason = f"unknown choice of {refused.refusal.params.get('field')}"
        raise HttpError(400, event="input_validation_fail", reason=reason)
    form = refused_form(request, fields, refused)
    form.explain(
        request[REQUEST_STATE].lang,
        errors=lambda lang: information_texts(refused.refusal.errors, lang),
        alert=None if form.alert else lambda lang: alert_text("draft_not_saved", lang),
    )
    return form
