"""Ready-made answers: agents read and adapt them, supervisors edit them."""

from services.support import request_store
from services.support.answer_texts import check_text, check_title
from services.support.authorization import require_act, require_view
from services.support.deps import Deps
from shared.contracts.base import Refusal
from shared.contracts.support.people_requests import (
    ListReadyAnswers,
    ReadyAnswer,
    ReadyAnswerChanged,
    ReadyAnswersView,
    SaveReadyAnswer,
)
from shared.messaging.handlers import Refused, RequestContext

CHECKS = {
    "title_fr": check_title,
    "title_en": check_title,
    "text_fr": check_text,
    "text_en": check_text,
}


async def list_ready_answers(
    request: ListReadyAnswers, context: RequestContext[Deps]
) -> ReadyAnswersView:
    """All of them."""
    await require_view(context.tx, request.agent_id, "answers")
    found = await request_store.ready_answers(context.tx)
    return ReadyAnswersView(answers=tuple(ReadyAnswer(**one) for one in found))


async def save_ready_answer(request: SaveReadyAnswer, context: RequestContext[Deps]) -> ReadyAnswer:
    """Change one; a version that somebody else has changed is refused with `stale`."""
    tx, now = context.tx, context.now()
    agent = await require_act(tx, request.agent_id, "edit_answers")
    version = await request_store.lock_ready_answer(tx, request.name)
    if version is None:
        raise Refused(Refusal(slug="not_found"))
    if version != request.version:
        raise Refused(Refusal(slug="stale", params={"version": version}))
    base_url = context.deps.settings.base_url
    checked = [check(name, getattr(request, name), base_url) for name, check in CHECKS.items()]
    errors = tuple(error for _, error in checked if error is not None)
    if errors:
        raise Refused(Refusal(slug="invalid_fields", errors=errors))
    texts = [text for text, _ in checked]
    await request_store.save_ready_answer(tx, request.name, texts, agent.id, now)
    event = ReadyAnswerChanged(
        name=request.name, version=version + 1, agent_id=agent.id, changed_at=now
    )
    await context.emit(event)
    values = dict(zip(CHECKS, texts, strict=True))
    return ReadyAnswer(name=request.name, version=version + 1, **values)
