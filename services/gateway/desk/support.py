"""Asking support for an agent: what every feature of the desk uses.

Support decides at each request whether this agent may read or do that. A page that one may not read
is 403, an object that one may not know 404; an act that was refused comes back as its form, with
everything that was typed, under the status 403 or 409.
"""

from typing import TypeVar

import msgspec
from aiohttp import web

from services.gateway.clients.services import ask
from services.gateway.desk.session_pages import end_closed
from services.gateway.http.errors import ErrorText, HttpError
from services.gateway.http.forms import Form
from services.gateway.portal.credentials import check_code
from services.gateway.portal.form_errors import invalid_form, refused_code, refused_form
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import idempotency_key
from shared.contracts.base import Reply, Request
from shared.contracts.support.agents import AgentView, DescribeAgent
from shared.contracts.support.coded import CodedRequest
from shared.i18n.catalogue import N_
from shared.messaging.handlers import Refused
from shared.messaging.rpc_codec import request_digest
from shared.runtime.telemetry import get_logger

R = TypeVar("R", bound=Reply)
C = TypeVar("C", bound=CodedRequest)

NO_EFFECT = "no_effect"
#: Refusals of an act, and the status that says so.
ACT_REFUSALS = {
    "forbidden": 403,
    "own_act": 403,
    "own_account": 403,
    "invited_by_you": 403,
    "you_invited": 403,
    "same_inviter": 403,
    "too_new": 403,
    "last_supervisor": 403,
    "not_yours": 403,
    "not_found": 404,
    "stale": 409,
    "wrong_state": 409,
    NO_EFFECT: 409,
}
FORBIDDEN = ErrorText(
    N_("Accès refusé"),
    N_("Votre rôle ne permet pas d'ouvrir cette page. Une personne de la supervision peut aider."),
)
NOT_FOUND = ErrorText(
    N_("Objet non trouvé"),
    N_("Ce que vous cherchez n'existe pas ou n'existe plus, ou ne vous est pas ouvert."),
)

log = get_logger("desk")


def agent_of(request: web.Request) -> Session:
    """The session of the agent, with both factors; `account_id` is the agent's id. Redirects to the
    sign-in or its due step otherwise. The guard of every page behind the sign-in."""
    return guards.require_signed_in(request)


def require_role(request: web.Request, *roles: str) -> Session:
    """The session of an agent of one of these roles: for a form's page that asks support nothing.
    HttpError with 403 for others; what is posted, support judges."""
    found = agent_of(request)
    if found.role not in roles:
        raise HttpError(403, event="authz_fail", reason=request.path, texts=FORBIDDEN)
    return found


async def ask_support(
    request: web.Request, message: Request, reply: type[R], key: str | None = None
) -> R:
    """Ask support for a page. Raises HttpError with 403 or 404, which is logged, and `Refused` with
    any other slug."""
    try:
        return await ask(request, message, reply, key)
    except Refused as refused:
        slug = refused.refusal.slug
        if slug == "forbidden":
            await _leave_if_closed(request)
            event, reason = "authz_fail", message.TYPE
            raise HttpError(403, event=event, reason=reason, texts=FORBIDDEN) from refused
        if slug == "not_found":
            raise HttpError(404, reason=message.TYPE, texts=NOT_FOUND) from refused
        raise


async def act(
    request: web.Request,
    fields: dict[str, str],
    message: Request,
    reply: type[R],
    purpose: str,
    **values: object,
) -> R | Form:
    """Have an act done: support's reply, or the form with what was typed and why it was refused.

    `purpose` is the name of the form's action: the same form posted twice is one act, whatever code
    went with it. `values` fill in the sentence of a refusal.
    """
    try:
        return await ask(request, message, reply, act_key(request, purpose, fields))
    except Refused as refused:
        if refused.refusal.slug == "forbidden":
            await _leave_if_closed(request)
        return refused_act(request, fields, refused, **values)


def refused_act(
    request: web.Request, fields: dict[str, str], refused: Refused, **values: object
) -> Form:
    """The form of an act that support refused; its answer has the status of the refusal."""
    slug = refused.refusal.slug
    why = refused.refusal.params.get("why")
    if slug == NO_EFFECT and why:
        # Each reason has a sentence of its own.
        refused = Refused(msgspec.structs.replace(refused.refusal, slug=f"{slug}_{why}"))
    form = refused_form(request, fields, refused, prefix="", **values)
    status = ACT_REFUSALS.get(slug)
    if status is not None:
        form.status, form.direct = status, True
        log.warning(
            "An act was refused.",
            action="authz_fail" if status == 403 else "act_not_accepted",
            reason=slug,
            agent=agent_of(request).account_id,
            path=request.path,
        )
    return form


def act_key(request: web.Request, purpose: str, fields: dict[str, str]) -> str:
    """The idempotency key of an act: its form as filled in, without the code, which is another one
    each time."""
    given = {name: value for name, value in fields.items() if name != "code"}
    return idempotency_key(request, purpose, given)


async def with_fresh_code(
    request: web.Request, fields: dict[str, str], message: C, purpose: str
) -> C | Form:
    """The request with mfa's proof of the code of its form, which support checks (SE-09).

    Each act that bears on access needs a code of its own: the form again where it is missing or was
    refused. Called last before the act, since a code is used up.
    """
    refused, proof = await _check(request, fields, purpose, request_digest(message))
    return refused or msgspec.structs.replace(message, code_proof=proof)


async def require_fresh_code(
    request: web.Request, fields: dict[str, str], purpose: str
) -> Form | None:
    """The same for what the desk does itself: the form again, or None where the code was right."""
    return (await _check(request, fields, purpose, ""))[0]


async def _check(
    request: web.Request, fields: dict[str, str], purpose: str, about: str
) -> tuple[Form | None, str]:
    found = agent_of(request)
    if not fields["code"]:
        return invalid_form(request, fields, "code"), ""
    try:
        # What the act is done to may stand in the path alone.
        checked = await check_code(
            request, found, fields, f"{purpose}-code {request.path}", about=about
        )
    except Refused as refused:
        return refused_code(request, fields, refused), ""
    return None, checked.proof


async def _leave_if_closed(request: web.Request) -> None:
    """End the session where the agent may do nothing at all any more."""
    agent = DescribeAgent(agent_id=agent_of(request).account_id)
    try:
        await ask(request, agent, AgentView)
    except Refused as refused:
        if refused.refusal.slug != "forbidden":
            raise
        await end_closed(request)
