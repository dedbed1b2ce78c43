"""From the declarations of pages to routes: the checks of every POST, in order, and the forms that
come back.

Origin, body, guard, token and key are checked before a view runs. The view receives a dictionary
with every field of the page (empty where the browser left it out) and the form's key. It returns an
answer, or the form to be shown again: refused, the form is saved and its page shows it; where a
wait is due, a server is unavailable, or there is no room to save it, the answer carries it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from aiohttp import web

from services.gateway.http.errors import (
    UNAVAILABLE_ERRORS,
    UNAVAILABLE_RETRY_SECONDS,
    HttpError,
    Redirect,
    error_text,
)
from services.gateway.http.forms import CARRIED, PASSWORDS, Form, read_fields, read_json
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import (
    OF_FORM_QUERY,
    ROUTES,
    FormPageView,
    FormView,
    JsonQuestion,
    Page,
    Routes,
    View,
    page_key,
    see_other,
    url,
)
from services.gateway.http.site import SITE
from services.gateway.sessions import request_state
from services.gateway.sessions.guards import SESSION_PAGES, resume_promoted
from services.gateway.sessions.request_state import REQUEST_STATE, flash, read_form_token
from services.gateway.sessions.saved_forms import SAVED_FORMS, FormOwner
from services.gateway.sessions.tokens import FORM_KEY, FormToken, press_hash
from shared.errors import plain_reason
from shared.i18n.catalogue import translate
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

TOKEN_HEADER = "X-Impex-Csrf"  # noqa: S105 - the name of a header
#: In the URL of a page: the id of a form that it shows again, and of what it shows after one.
FORM_QUERY, RESULT_QUERY = "saisie", "resultat"
#: How often, and after how many seconds each time, a press looks for the result of an equal one
#: that is ending its session.
OVERTAKEN_TRIES, OVERTAKEN_SECONDS = 10, 0.1

#: Why a field is too long to be read: any text, a password.
OVERSIZED_TEXTS = ("text_oversized", "password_oversized")

#: The alert of a form, by its code and the language.
AlertText = Callable[[str, str], str]
ALERT_TEXT: web.AppKey[AlertText] = web.AppKey("alert_text")

log = get_logger("gateway")


def add_routes(router: web.UrlDispatcher, routes: Routes) -> None:
    """Add the routes of every declared page."""
    for one in routes.declared:
        if isinstance(one, JsonQuestion):
            router.add_post(one.path, json_endpoint(one))
            continue
        if one.show is not None:
            router.add_get(one.route, page_endpoint(one, one.show), allow_head=one.head)
        if one.show_form is not None:
            router.add_get(one.route, form_page_endpoint(one, one.show_form))
        if one.submit is not None:
            router.add_post(one.route, form_endpoint(one, one.submit))


def page_endpoint(page: Page, show: View) -> View:
    """The view behind the page's guard."""

    async def receive(request: web.Request) -> web.StreamResponse:
        if page.guard is not None:
            page.guard(request)
        return await show(request)

    return receive


def form_page_endpoint(page: Page, show: FormPageView) -> View:
    """The view of a page with a form: empty, or as it was left."""

    async def receive(request: web.Request) -> web.StreamResponse:
        if page.guard is not None:
            page.guard(request)
        return await show(request, await left_form(request, page) or Form())

    return receive


def form_endpoint(page: Page, submit: FormView) -> View:
    """The view behind the checks of a form, and what becomes of a form that comes back."""

    async def receive(request: web.Request) -> web.StreamResponse:
        _require_same_origin(request)
        fields, token, problem = await _read_body(request, page)
        given = dict(fields)  # a view may put the choice of a button into its field
        try:
            filled_in = filled_in_form(request, page)
            stale = await _checked(request, filled_in, fields, token, problem)
            if stale is not None and filled_in is page:
                answer: web.StreamResponse | Form = stale
            else:  # the language may change whatever has expired
                _check_key(page, fields)
                answer = await submit(request, given)
                if not isinstance(answer, Form) or answer.result is not None:
                    await _delete_left_form(request, page)
        except UNAVAILABLE_ERRORS as error:
            log.info(
                "A service is unavailable.", action="dependency_away", reason=plain_reason(error)
            )
            answer = _unavailable(request, page, given, error)
        except (HttpError, Refused) as error:
            answer = _failed(request, given, error)
        if not isinstance(answer, Form):
            return answer
        return await show_again(request, page, fields, answer)

    return receive


def json_endpoint(question: JsonQuestion) -> View:
    """The view behind a question that a script asks while somebody types."""

    async def receive(request: web.Request) -> web.StreamResponse:
        _require_same_origin(request)
        value = await read_json(request, question.field)
        owner = read_form_token(request, request.headers.get(TOKEN_HEADER, ""))
        if owner is None or owner.expired:
            raise _foreign(request, owner)
        return await question.answer(request, value)

    return receive


async def show_again(
    request: web.Request, posted_to: Page, fields: dict[str, str], form: Form
) -> web.StreamResponse:
    """Save a form and answer with its page, which shows it; else answer with the form itself."""
    shown = request.app[ROUTES].shown_on(posted_to, form)
    form = replace(form, request_fields=fields)
    if shown.show_form is None:
        return _retry_page(request, posted_to, form)
    is_saved = not form.direct and form.status not in CARRIED
    if is_saved and request[REQUEST_STATE].form_browser is not None:
        key = page_key(request, shown)
        try:
            form_id = await request.app[SAVED_FORMS].save(form, key, _owner(request, shown))
        except UNAVAILABLE_ERRORS as error:
            log.info("A form is not saved.", action="dependency_away", reason=plain_reason(error))
            form_id = None
        if form_id is not None:
            query = shown.form_query(fields) if shown.form_query else {}
            name = RESULT_QUERY if form.result is not None else FORM_QUERY
            return see_other(url(request, shown.name, **query, **{name: form_id}))
    views = [shown.show_form, shown.show_unavailable if shown is posted_to else None]
    if form.status == 503:
        views.reverse()  # what the page needs is unavailable: first without it
    for view in views:
        try:
            if view is not None:
                return await view(request, form)
        except (*UNAVAILABLE_ERRORS, Refused):
            continue
    return _retry_page(request, posted_to, form)


def filled_in_form(request: web.Request, page: Page) -> Page:
    """The page whose form was filled in: another one where this page takes the fields of any."""
    if not page.of_any_form:
        return page
    other = request.app[ROUTES].at(request.query.get(OF_FORM_QUERY, ""))
    return page if other is None or other.submit is None else other


async def left_form(request: web.Request, page: Page) -> Form | None:
    """The form that this page shows again: by its id, or after a sign-in."""
    saved, state = request.app[SAVED_FORMS], request[REQUEST_STATE]
    form = None
    ids = [request.query[name] for name in (FORM_QUERY, RESULT_QUERY) if name in request.query]
    if ids and state.form_browser is not None:
        form = await saved.find(ids[0], page_key(request, page), _owner(request, page))
    elif not ids and page.keeps_forms and state.session is not None and state.session.full:
        form = await saved.find_for_account(page_key(request, page), state.session.account_id)
        if form is not None:
            flash(request, "typed_again")
    if form is not None:
        form.status = 200
        form.translate(state.lang)
    return form


async def _delete_left_form(request: web.Request, page: Page) -> None:
    """A form was accepted: what its account had left on its page is done with."""
    session = request[REQUEST_STATE].session
    if page.keeps_forms and page.fields and session is not None:
        key = page_key(request, request.app[ROUTES].shown_on(page))
        try:
            await request.app[SAVED_FORMS].delete_for_account(key, session.account_id)
        except UNAVAILABLE_ERRORS as error:
            log.info("A form is not deleted.", action="dependency_away", reason=plain_reason(error))


def _owner(request: web.Request, page: Page) -> FormOwner:
    state = request[REQUEST_STATE]
    account_id = state.session.account_id if page.guard is not None and state.session else ""
    return FormOwner(state.form_browser or "", state.network, account_id)


def _retry_page(request: web.Request, posted_to: Page, form: Form) -> web.StreamResponse:
    """The form where its page cannot be shown: everything that was typed, and its button."""
    lang = request[REQUEST_STATE].lang
    text = error_text(form.status if form.status in CARRIED else 403)
    names = ("password", "current_password", "code", "recovery_code")
    return page(
        request,
        "retry.html",
        form=form,
        heading=translate(text.heading, lang),
        action=url(request, posted_to.name),
        secrets=[name for name in names if name in posted_to.fields.split()],
        hidden_fields={
            name: value
            for name, value in form.request_fields.items()
            if name not in (*names, "key")
        },
        switch_url=url(request, request.app[ROUTES].shown_on(posted_to).name),
    )


def _unavailable(
    request: web.Request, page: Page, fields: dict[str, str], error: Exception
) -> Form:
    """The form with what was typed, secrets excepted: sent again it is the same request."""
    form, text = Form.again(fields, same=True), request.app[ALERT_TEXT]
    own = page.unavailable(error) if page.unavailable is not None else None

    def alert(lang: str) -> str:
        if own is None:
            return text("unavailable", lang)
        return translate(own.alert, lang, name=own.name)

    form.explain(request[REQUEST_STATE].lang, alert=alert)
    form.retry_after, form.status = UNAVAILABLE_RETRY_SECONDS, 503
    return form


def _failed(request: web.Request, fields: dict[str, str], error: HttpError | Refused) -> Form:
    """The form with the text of the error's page. Raises what no form can come back from."""
    if isinstance(error, Refused):
        wait = error.refusal.retry_after
        status = 429 if wait else 500
        error = HttpError(status, retry_after=wait, reason=error.refusal.slug)
    if error.status not in CARRIED:
        raise error
    if error.status == 500:
        log.error("A request failed.", action="unexpected_error", reason=error.reason)
    state, text = request[REQUEST_STATE], error_text(error.status).text
    brand = request.app[RENDERER].brand
    form = Form.again(fields, same=True)
    form.alert_field = error.field

    def alert(lang: str) -> str:
        if error.field is not None:
            return request.app[ALERT_TEXT](OVERSIZED_TEXTS[error.field in PASSWORDS], lang)
        phone = brand.phone_international if lang == "en" else brand.phone
        return translate(text, lang, reference=state.reference, phone=phone)

    form.explain(state.lang, alert=alert)
    form.retry_after, form.status = error.retry_after, error.status
    return form


async def _read_body(
    request: web.Request, page: Page
) -> tuple[dict[str, str], str, HttpError | None]:
    """The fields with the form's key, its token, and why it is only shown again."""
    names = ["csrf", *(("key",) if page.needs_key else ()), *page.fields.split()]
    filled_in = filled_in_form(request, page)
    if filled_in is not page:
        names = list(dict.fromkeys((*names, "key", *filled_in.fields.split())))
    try:
        read = await read_fields(request, names)
    except HttpError as error:
        if error.status not in CARRIED:
            raise
        return {name: "" for name in names if name != "csrf"}, "", error
    token = read.fields.pop("csrf", "")
    given = {name: read.fields.get(name, "") for name in names if name != "csrf"}
    return given, token, read.problem or _cut_text(filled_in, read.cut)


def _cut_text(page: Page, cut: Sequence[str]) -> HttpError | None:
    """Why a form with a text that was not read to its end is only shown again."""
    found = next((name for name in page.whole_texts.split() if name in cut), None)
    return None if found is None else HttpError(413, reason=f"{found} too long", field=found)


async def _checked(
    request: web.Request,
    page: Page,
    fields: dict[str, str],
    token: str,
    problem: HttpError | None,
) -> Form | None:
    """Whose form it is, and whether its page may be reached; None where both are right.

    The form's token decides, whatever session or request the browser has by now: its forms stay
    valid together. What needs a session needs one of the account that the page was made for.
    Raises `problem`, why it could not be read, to whom the page may be shown.
    """
    state = request[REQUEST_STATE]
    state.press = press_hash(token, fields)
    owner = read_form_token(request, token)
    session = None
    if page.guard is not None:
        if owner is not None and not owner.expired:
            await resume_promoted(request, owner.account_id)
            result = await _kept_result(request, page, owner.account_id)
            if result is not None:
                return result
        await _check_guard(request, page, fields, owner)
        session = state.session
    if problem is not None:
        raise problem
    if owner is None or owner.expired:
        return _stale(request, fields, owner)
    if session is not None and not owner.account_id:
        return _stale(request, fields, None)
    if session is not None and owner.account_id != session.account_id:
        await _save_for_owner(request, page, fields, owner)
        flash(request, "form_of_other_account")
        raise Redirect(request.app[ROUTES].shown_on(page).name)
    state.bound = f"{state.form_browser} {session.id}" if session else state.form_browser or ""
    return None


async def keep_result(request: web.Request, result: Form, account_id: str) -> None:
    """Keep what comes after a form for the same press of it, before the form ends the session."""
    name = _result_name(request)
    await request.app[SAVED_FORMS].save_for_account(result, name, account_id)


async def _kept_result(request: web.Request, page: Page, account_id: str) -> Form | None:
    """What comes after a form that has ended its own session: for the same press, whose answer was
    lost, or which the former one has just overtaken.
    """
    state = request[REQUEST_STATE]
    if not (page.result_page and state.ended and account_id):
        return None
    saved, name = request.app[SAVED_FORMS], _result_name(request)
    for _ in range(OVERTAKEN_TRIES):
        result = await saved.find_for_account(name, account_id)
        if result is not None:
            return result
        await asyncio.sleep(OVERTAKEN_SECONDS)
    return None


def _result_name(request: web.Request) -> str:
    return f"result {request[REQUEST_STATE].press}"


async def _check_guard(
    request: web.Request, page: Page, fields: dict[str, str], owner: FormToken | None
) -> None:
    state = request[REQUEST_STATE]
    assert page.guard is not None
    try:
        page.guard(request)
    except Redirect:
        if state.session is not None and state.session.full:
            # Another press of the same form has led on already.
            there = await request.app[SESSION_PAGES].after_lost_answer(request, state.session)
            raise there from None
        saved = owner is not None and await _save_for_owner(request, page, fields, owner)
        if saved and state.session is None:
            flash(request, "session_closed_typed")
        raise


async def _save_for_owner(
    request: web.Request, page: Page, fields: dict[str, str], owner: FormToken
) -> bool:
    """Save the form of a session that has ended for the account that it was made for."""
    form = Form.again(fields)
    if not (page.keeps_forms and owner.account_id and any(form.values.values())):
        return False
    saved, shown = request.app[SAVED_FORMS], request.app[ROUTES].shown_on(page)
    return await saved.save_for_account(form, page_key(request, shown), owner.account_id)


def _stale(request: web.Request, fields: dict[str, str], owner: FormToken | None) -> Form:
    """The form again, where it is from one of our pages; its token is too old or not ours.

    Raises HttpError where nothing says that the form is from our pages (WF-05).
    """
    refused = _foreign(request, owner)
    site = request.headers.get("Sec-Fetch-Site", "")
    origin = request.headers.get("Origin", "")
    ours = site == "same-origin" or (not site and origin == request.app[SITE].origin)
    if not ours:
        raise refused
    log.warning("A form has expired.", action="form_expired", reason=refused.reason)
    reason = "form_expired" if owner else "form_unknown"
    if not request_state.cookie_value(request, request_state.FORM_COOKIE):
        reason = "form_without_cookie"
    form, text = Form.again(fields), request.app[ALERT_TEXT]
    form.explain(request[REQUEST_STATE].lang, alert=lambda lang: text(reason, lang))
    form.status = 403
    return form


def _foreign(request: web.Request, owner: FormToken | None) -> HttpError:
    state = request[REQUEST_STATE]
    reason = "the form's token does not fit" if state.form_browser else "no form cookie"
    reason = "the form has expired" if owner else reason
    return HttpError(403, event="malicious_csrf", reason=reason)


def _check_key(page: Page, fields: dict[str, str]) -> None:
    if page.needs_key and not FORM_KEY.fullmatch(fields["key"]):
        raise HttpError(400, event="input_validation_fail", reason="no form key")


def _require_same_origin(request: web.Request) -> None:
    """Refuse requests from other sites: Sec-Fetch-Site decides, Origin only where it is absent
    (WF-05). For a client that sends neither, the form's token alone decides.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise HttpError(403, event="malicious_csrf", reason=f"Sec-Fetch-Site is {site[:20]}")
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.app[SITE].origin:
        raise HttpError(403, event="malicious_csrf", reason="another Origin")
