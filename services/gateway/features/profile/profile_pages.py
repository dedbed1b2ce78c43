"""« Créer Informations complémentaires »: the form, saved right or wrong (G-30 to G-34).

Nothing typed is lost: a draft is kept as typed, a service that is away gives the form back, what
comes after the session has ended waits for its holder.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.gateway.clients.profile import Information
from services.gateway.features.profile import profile_form
from services.gateway.features.profile.profile_messages import information_texts
from services.gateway.http.errors import PageError
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import (
    CLOCK,
    KEPT_FORMS,
    PROFILE,
    REGISTRATION,
    SEALED_PAGES,
    SESSIONS,
)
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.portal.login_redirects import HOME, INFORMATION
from services.gateway.portal.texts import alert_text, date_text
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import VISIT, idempotency_key, note, page, redirect
from shared.contracts.base import FieldError
from shared.contracts.profile import ProfileFields
from shared.domain.countries import SIRET_COUNTRIES
from shared.messaging.handlers import Refused

HERE = INFORMATION
VALIDATION = "/informations/validation"
#: Opens the summary in a dialog over the form, for whoever has scripts.
OPENED = f"{HERE}?valider=1"
ACTIONS = ("save", "validate", "close")


async def show(request: web.Request) -> web.Response:
    """The form with the draft, or what is frozen."""
    found, app = guards.full(request), request.app
    known = await app[PROFILE].describe(found.account_id)
    if known.validated:
        return await frozen(request, found, known)
    kept = await app[KEPT_FORMS].find(found.account_id, known.saved_at)
    if kept is not None:
        note(request, "typed_again")
        mark, form = app[KEPT_FORMS].read(kept.pop("mark", "")), Form(values=kept)
        await _ask_again(request, found, form, mark.terms_version if mark else "")
        return await render(request, form, known, unsaved=True)
    if known.fields is None:
        mine = ProfileFields(first_name=found.first_name, last_name=found.last_name)
        return await render(request, Form(values=profile_form.values(mine)), known)
    form = Form(values=profile_form.values(known.fields))
    await _ask_again(request, found, form, known.terms_version)
    asked = "valider" in request.query and not known.errors and form.alert is None
    return await render(request, form, known, confirm=asked)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Save the draft; « Valider » goes on to the summary where nothing stands against it."""
    found, app = guards.full(request), request.app
    action = fields["action"] or ACTIONS[0]
    if action not in ACTIONS:
        raise PageError(400, event="input_validation_fail", reason="unknown action")
    mark = app[KEPT_FORMS].read(fields["mark"])
    if mark is None or mark.account_id != found.account_id:
        raise PageError(400, event="input_validation_fail", reason="another page's mark")
    try:
        saved = await app[PROFILE].save(
            found.account_id,
            profile_form.typed(fields),
            mark.terms_version,
            key=idempotency_key(request, "information", fields),
        )
    except Refused as refused:
        return await _refused(request, found, fields, refused)
    await app[KEPT_FORMS].forget(found.account_id)
    if action == "close":
        note(request, "draft_closed")
        return redirect(HOME)
    stands = [one for one in saved.errors if action == "validate" or one.code != "missing"]
    if stands:
        return await wrong(request, Form.again(fields), saved, tuple(stands))
    if action == "validate":
        return redirect(OPENED if fields["dialog"] == "1" else VALIDATION)
    note(request, "draft_saved")
    return redirect(HERE)


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form with what was typed: the same key makes sending it again the same act."""
    form = away_form(request, fields)
    return await render(request, form, None, 503, unsaved=True)


async def keep(request: web.Request, fields: dict[str, str]) -> web.Response | None:
    """The session ended, or is another one, since the page was opened.

    For the page's own holder, signed in anew, the form again; else it waits for that holder, and
    nobody else sees it.
    """
    app, visit = request.app, request[VISIT]
    mark = app[KEPT_FORMS].read(fields["mark"])
    session = visit.session
    if mark is None:
        return None
    if session is not None and session.full and session.account_id == mark.account_id:
        form = Form.again(fields)
        form.alert = alert_text("stale_page", visit.lang)
        return await render(request, form, None, 403, unsaved=True)
    typed = profile_form.values(profile_form.typed(fields))
    kept = await app[KEPT_FORMS].keep(mark.account_id, {**typed, "mark": fields["mark"]})
    if kept and session is None:
        note(request, "session_closed_typed")
    return None


async def wrong(
    request: web.Request, form: Form, known: Information, errors: tuple[FieldError, ...]
) -> web.Response:
    """The form with everything that stands against it, each at its field; it is saved all the
    same."""
    form.errors = information_texts(errors, request[VISIT].lang)
    return await render(request, form, known, 422)


async def frozen(
    request: web.Request, found: Session, known: Information, status: int = 200
) -> web.Response:
    """What is validated, to be read; the session knows it from now on."""
    if not found.validated:
        at = known.validated_at or request.app[CLOCK]()
        await request.app[SESSIONS].note_validated(found.account_id, at)
    lang = request[VISIT].lang
    assert known.fields is not None
    return page(
        request,
        "information_frozen.html",
        status=status,
        listed=profile_form.listed(known.fields, found.address, lang),
        again=status == 409,
        switch_url=HERE,
    )


async def render(
    request: web.Request,
    form: Form,
    known: Information | None,
    status: int = 200,
    *,
    confirm: bool = False,
    unsaved: bool = False,
) -> web.Response:
    """The form. `known` is None where nobody can be asked; `confirm` puts the summary over it."""
    found, lang = request[VISIT].session, request[VISIT].lang
    if found is not None:
        form.values["mark"] = await _mark(request, found, form.values.get("mark", ""))
    warnings = information_texts(known.warnings if known else (), lang)
    return page(
        request,
        "information.html",
        status=status,
        form=form,
        address=found.address if found else "",
        labels=profile_form.labels(lang),
        countries=profile_form.countries(lang),
        positions=profile_form.positions(lang),
        establishment_types=profile_form.establishment_types(lang),
        siret_countries=sorted(SIRET_COUNTRIES),
        warnings=warnings,
        closed_asked=closed_asked(known, form),
        saved_at=known.saved_at if known else None,
        unsaved=unsaved,
        **summary(request, found, known if confirm else None),
        switch_url=HERE,
    )


def closed_asked(known: Information | None, form: Form) -> bool:
    """Whether the reason for a closed establishment is asked for."""
    closed = known is not None and any(one.code == "closed" for one in known.warnings)
    return closed or bool(form.errors.get("closed_reason") or form.values.get("closed_reason"))


def summary(
    request: web.Request, found: Session | None, known: Information | None
) -> dict[str, Any]:
    """What the summary shows, and its form, which brings all of it along sealed; nothing where
    `known` is None."""
    if found is None or known is None or known.fields is None:
        return {"listed": None, "confirmation": None, "notes": {}}
    lang = request[VISIT].lang
    sealed = request.app[SEALED_PAGES].seal(profile_form.encode(known.fields), found.id)
    return {
        "listed": profile_form.listed(known.fields, found.address, lang),
        "confirmation": Form(values={"version": str(known.version), "shown": sealed}),
        "notes": information_texts(known.warnings, lang),
    }


async def _mark(request: web.Request, found: Session, former: str) -> str:
    """The page's mark: with the version of the terms that its form was read beside, else the one
    in force."""
    app = request.app
    known = app[KEPT_FORMS].read(former)
    if known is not None and known.account_id == found.account_id:
        return former
    version = (await app[REGISTRATION].terms(request[VISIT].lang)).version
    return app[KEPT_FORMS].mark(found.account_id, version)


async def _ask_again(request: web.Request, found: Session, form: Form, ticked: str) -> None:
    """A tick that was set beside other terms, those of the version `ticked`, says nothing of those
    in force (G-13)."""
    app, lang = request.app, request[VISIT].lang
    form.values["mark"] = await _mark(request, found, "")
    mark = app[KEPT_FORMS].read(form.values["mark"])
    if form.values[profile_form.TICK] and (mark is None or mark.terms_version != ticked):
        form.values[profile_form.TICK] = ""
        terms = await app[REGISTRATION].terms(lang)
        form.alert = alert_text("terms_changed", lang, date=date_text(terms.date, lang))


async def _refused(
    request: web.Request, found: Session, fields: dict[str, str], refused: Refused
) -> web.Response:
    slug = refused.refusal.slug
    if slug == "already_validated":
        known = await request.app[PROFILE].describe(found.account_id)
        return await frozen(request, found, known, 409)
    if slug == "unknown_choice":
        reason = f"unknown choice of {refused.refusal.params.get('field')}"
        raise PageError(400, event="input_validation_fail", reason=reason)
    form = Form.again(fields)
    status = refuse_form(request, form, refused)
    form.errors = information_texts(refused.refusal.errors, request[VISIT].lang)
    form.alert = form.alert or alert_text("draft_not_saved", request[VISIT].lang)
    return await render(request, form, None, status, unsaved=True)
