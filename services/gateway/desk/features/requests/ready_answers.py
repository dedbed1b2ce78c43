"""Ready-made answers: agents read them, supervisors edit them."""

from aiohttp import web

from services.gateway.desk.support import FORBIDDEN, NOT_FOUND, act, agent_of, ask_support
from services.gateway.http.errors import HttpError
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import path_values
from services.gateway.portal.flash import redirect_with_flash
from shared.contracts.support.people_requests import (
    ListReadyAnswers,
    ReadyAnswer,
    ReadyAnswersView,
    SaveReadyAnswer,
)

FIELDS = ("title_fr", "title_en", "text_fr", "text_en")
#: Who edits them; support decides at each one.
EDITOR = "supervisor"


async def show_list(request: web.Request) -> web.Response:
    """All of them."""
    agent = agent_of(request)
    return page(
        request,
        "ready_answers.html",
        answers=await _answers(request),
        may_edit=agent.role == EDITOR,
    )


async def show(request: web.Request, form: Form) -> web.Response:
    """One of them, in both languages."""
    one = await _find(request)
    if not form.typed:
        form.values = {name: getattr(one, name) for name in FIELDS}
    return page(request, "ready_answer.html", form=form, one=one)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Save it."""
    version = fields["version"]
    message = SaveReadyAnswer(
        agent_id=agent_of(request).account_id,
        name=path_values(request)["answer"],
        version=int(version) if version.isascii() and version.isdigit() else 0,
        **{name: fields[name] for name in FIELDS},
    )
    saved = await act(request, fields, message, ReadyAnswer, "save_answer")
    if isinstance(saved, Form):
        return saved
    return redirect_with_flash(request, "ready_answers", "answer_saved")


async def _answers(request: web.Request) -> tuple[ReadyAnswer, ...]:
    message = ListReadyAnswers(agent_id=agent_of(request).account_id)
    return (await ask_support(request, message, ReadyAnswersView)).answers


async def _find(request: web.Request) -> ReadyAnswer:
    if agent_of(request).role != EDITOR:
        raise HttpError(403, event="authz_fail", reason=SaveReadyAnswer.TYPE, texts=FORBIDDEN)
    name = path_values(request)["answer"]
    found = next((one for one in await _answers(request) if one.name == name), None)
    if found is None:
        raise HttpError(404, reason="no such answer", texts=NOT_FOUND)
    return found
