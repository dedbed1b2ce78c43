"""The page of operators: who may see and do what is judged here, and what is done is ordered.

What it shows is the owners': queues and letters those of operations, mails those of the mailer.
"""

from collections.abc import Iterable

from services.support import agent_store
from services.support.authorization import require_act, require_view
from services.support.code_proofs import accepted_at
from services.support.deps import Deps
from services.support.permissions import ACTS
from services.support.proposals import code_refusal
from shared.contracts.base import Refusal
from shared.contracts.mailer_operations import ListOperatorMails, OperatorMailRow
from shared.contracts.operations import LettersView, LetterView
from shared.contracts.support.operations import (
    DeadLettersDiscardOrdered,
    DeadLettersReplayOrdered,
    DeskMailsView,
    DeskMailView,
    LetterActView,
    ListDeadLetters,
    ListMails,
    ListQueues,
    MailDropOrdered,
    MailOrderView,
    MailSendOrdered,
    OperatorLettersView,
    OperatorLetterView,
    OperatorQueuesView,
    OperatorTrialView,
    OrderLetterAct,
    OrderMailDrop,
    OrderMailSend,
    ShowDeadLetter,
    ShowMail,
    TryDeadLetter,
)
from shared.database import Connection, Pool, acquire
from shared.messaging.envelope import new_id
from shared.messaging.handlers import Refused, RequestContext
from shared.security.sealing import seal_context

VIEW = "operations"
#: By what is asked and whether it is one letter, the act of the matrix.
LETTER_ACTS = {
    ("replay", True): "replay_letter",
    ("replay", False): "replay_letters",
    ("discard", True): "discard_letter",
    ("discard", False): "discard_letters",
}
MAX_REASON = 200


async def _require_operator(pool: Pool, agent_id: str) -> None:
    async with acquire(pool) as connection:
        await require_view(connection, agent_id, VIEW)


async def read_queues(request: ListQueues, deps: Deps, pool: Pool) -> OperatorQueuesView:
    """Ask for the queues, for those who may see them."""
    await _require_operator(pool, request.agent_id)
    return OperatorQueuesView(queues=await deps.owners.queues())


async def list_queues(_request: ListQueues, context: RequestContext[Deps]) -> OperatorQueuesView:
    """What was read."""
    view: OperatorQueuesView = context.prepared
    return view


async def read_letters(request: ListDeadLetters, deps: Deps, pool: Pool) -> LettersView | None:
    """Ask for the letters."""
    await _require_operator(pool, request.agent_id)
    return await deps.owners.letters(request.place)


async def list_letters(
    _request: ListDeadLetters, context: RequestContext[Deps]
) -> OperatorLettersView:
    """What was read, and who acted on it."""
    found: LettersView | None = context.prepared
    ids = [one.agent_id for one in found.acts] if found else []
    return OperatorLettersView(letters=found, names=await _names(context.tx, ids))


async def read_letter(request: ShowDeadLetter, deps: Deps, pool: Pool) -> LetterView | None:
    """Ask for one letter."""
    await _require_operator(pool, request.agent_id)
    return await deps.owners.letter(request.place, request.service, request.fault, request.letter)


async def show_letter(
    _request: ShowDeadLetter, context: RequestContext[Deps]
) -> OperatorLetterView:
    """What was read, and whom it names."""
    found: LetterView | None = context.prepared
    ids = (found.replayed_by, found.discarded_by) if found else ()
    return OperatorLetterView(letter=found, names=await _names(context.tx, ids))


async def run_trial(request: TryDeadLetter, deps: Deps, pool: Pool) -> OperatorTrialView:
    """Have a letter tried."""
    async with acquire(pool) as connection:
        agent = await require_act(connection, request.agent_id, "try_letter")
    return OperatorTrialView(
        trial=await deps.owners.try_letter(request.service, request.letter, agent.id)
    )


async def try_letter(_request: TryDeadLetter, context: RequestContext[Deps]) -> OperatorTrialView:
    """What came of it."""
    view: OperatorTrialView = context.prepared
    return view


async def check_letters(request: OrderLetterAct, deps: Deps, pool: Pool) -> LetterView:
    """The letters that an act is about, of which one at least is there."""
    act = LETTER_ACTS.get((request.act, bool(request.letter)))
    if act is None:
        raise Refused(Refusal(slug="not_found"))
    async with acquire(pool) as connection:
        await require_act(connection, request.agent_id, act)
    _check_reason(request.reason, needed=request.act == "discard")
    letter = await deps.owners.letter("dead", request.service, request.fault, request.letter)
    if letter is None:
        raise Refused(Refusal(slug="unavailable"))
    if request.act == "replay" and not letter.verified:
        raise Refused(Refusal(slug="forged"))
    return letter


async def order_letter_act(request: OrderLetterAct, context: RequestContext[Deps]) -> LetterActView:
    """Order it: the journal has it as it has those of the command line."""
    act = ACTS[LETTER_ACTS[request.act, bool(request.letter)]]
    agent = await require_act(context.tx, request.agent_id, act.name)
    code_at = await accepted_at(request, context)
    if refusal := code_refusal(act, code_at, context.now()):
        raise Refused(refusal)
    letter: LetterView = context.prepared
    kind = DeadLettersReplayOrdered if request.act == "replay" else DeadLettersDiscardOrdered
    order = kind(
        act_id=new_id(),
        agent_id=agent.id,
        service=letter.service,
        letter=request.letter,
        fault=letter.fault,
        which=f"id {request.letter}" if request.letter else f"fault {letter.fault}",
        count=1 if request.letter else letter.count,
        reason=request.reason.strip(),
    )
    await context.emit(order)
    return LetterActView(act_id=order.act_id)


async def _names(tx: Connection, ids: Iterable[str]) -> dict[str, str]:
    """The names of those ids that are agents'."""
    agents = await agent_store.list_all(tx) if any(ids) else []
    wanted = set(ids)
    return {one.id: one.name for one in agents if one.id in wanted}


async def read_mails(request: ListMails, deps: Deps, pool: Pool) -> DeskMailsView:
    """Ask the mailer for mails that were not accepted."""
    await _require_operator(pool, request.agent_id)
    to = deps.open(request, "to") if request.to is not None else ""
    return DeskMailsView(
        mails=await deps.owners.operator_mails(
            request.state,
            deps.mailer_sealer.seal(to, seal_context(ListOperatorMails, "to")) if to else None,
            request.since,
        )
    )


async def list_mails(_request: ListMails, context: RequestContext[Deps]) -> DeskMailsView:
    """What was read."""
    view: DeskMailsView = context.prepared
    return view


async def read_mail(request: ShowMail, deps: Deps, pool: Pool) -> DeskMailView:
    """Ask the mailer for one mail."""
    await _require_operator(pool, request.agent_id)
    return DeskMailView(mail=await deps.owners.operator_mail(request.mail_id))


async def show_mail(_request: ShowMail, context: RequestContext[Deps]) -> DeskMailView:
    """What was read."""
    view: DeskMailView = context.prepared
    return view


async def check_mail(request: OrderMailSend, deps: Deps, pool: Pool) -> None:
    """The mail that is ordered, which can be sent."""
    async with acquire(pool) as connection:
        await require_act(connection, request.agent_id, _mail_act(request))
    if request.mail_id and not (await _mail(request.mail_id, deps)).sendable:
        raise Refused(Refusal(slug="mail_not_sendable"))


async def order_mail_send(request: OrderMailSend, context: RequestContext[Deps]) -> MailOrderView:
    """Order it."""
    act = ACTS[_mail_act(request)]
    agent = await require_act(context.tx, request.agent_id, act.name)
    if not request.mail_id and request.refused_since is None:
        raise Refused(Refusal(slug="mail_gone"))
    code_at = await accepted_at(request, context)
    if refusal := code_refusal(act, code_at, context.now()):
        raise Refused(refusal)
    await context.emit(
        MailSendOrdered(
            agent_id=agent.id, mail_id=request.mail_id, refused_since=request.refused_since
        )
    )
    return MailOrderView()


async def check_mail_drop(request: OrderMailDrop, deps: Deps, pool: Pool) -> None:
    """The mail that is ordered, which can be given up."""
    async with acquire(pool) as connection:
        await require_act(connection, request.agent_id, "drop_mail")
    _check_reason(request.reason, needed=True)
    if not (await _mail(request.mail_id, deps)).droppable:
        raise Refused(Refusal(slug="mail_not_droppable"))


async def order_mail_drop(request: OrderMailDrop, context: RequestContext[Deps]) -> MailOrderView:
    """Order it: the journal has it as it has those of the command line."""
    agent = await require_act(context.tx, request.agent_id, "drop_mail")
    await context.emit(
        MailDropOrdered(agent_id=agent.id, mail_id=request.mail_id, reason=request.reason.strip())
    )
    return MailOrderView()


async def _mail(mail_id: str, deps: Deps) -> OperatorMailRow:
    try:
        found = await deps.owners.operator_mail(mail_id)
    except Refused as refused:
        raise Refused(Refusal(slug="mail_gone")) from refused
    if found is None:
        raise Refused(Refusal(slug="unavailable"))
    return found.mail


def _mail_act(request: OrderMailSend) -> str:
    return "send_mail" if request.mail_id else "send_mails"


def _check_reason(text: str, *, needed: bool) -> None:
    if needed and not text.strip():
        raise Refused(Refusal(slug="reason_needed"))
    if len(text) > MAX_REASON:
        raise Refused(Refusal(slug="reason_too_long", params={"max": MAX_REASON}))
