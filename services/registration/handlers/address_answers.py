"""Which of two addresses was meant: the form continues as if it had been sent with that one.

An answer that is about another form, or that changes more than the address, finds no question: the
whole form is needed, with its password.
"""

from services.registration import account_request_store, address_question_store
from services.registration.account_requests import TOKEN_PATTERN
from services.registration.address_questions import AddressQuestion, ValidatedAddress
from services.registration.deps import Deps
from services.registration.email_addresses import address_key
from services.registration.handlers import account_requests, address_changes, address_corrections
from services.registration.handlers.address_codes import lock_open_account
from shared.contracts.base import Refusal, Reply
from shared.contracts.registration.holder import AnswerAddressChange
from shared.contracts.registration.requests import AnswerAddressQuestion
from shared.domain.person_names import check_name
from shared.messaging.handlers import RefusalReply, Refused, RequestContext

QUESTION_GONE = Refusal(slug="question_gone")


async def answer_question(request: AnswerAddressQuestion, context: RequestContext[Deps]) -> Reply:
    """Make the request, or correct its address, as the answer says."""
    question, chosen = await _take(request, context)
    if question.account_id is not None or question.request_id != request.request_id:
        raise Refused(QUESTION_GONE)
    if question.request_id is not None:
        return await address_corrections.move(
            context, question.request_id, chosen, request.network, question.language
        )
    names = (
        check_name("first_name", request.first_name)[0],
        check_name("last_name", request.last_name)[0],
    )
    if names != (question.first_name, question.last_name):
        raise Refused(QUESTION_GONE)
    made = account_requests.new_request(chosen, names, question.language, context.now())
    reply = await account_requests.store(context, made, request.network)
    if isinstance(reply, RefusalReply):
        # Answered again once the limit is lifted.
        await address_question_store.add(context.tx, question)
    return reply


async def answer_change(request: AnswerAddressChange, context: RequestContext[Deps]) -> Reply:
    """Ask for the change to the address that was meant."""
    question, chosen = await _take(request, context)
    await account_request_store.lock_address(context.tx, chosen.email.key)
    account = await lock_open_account(context, request.account_id)
    own = account.credentials
    if question.account_id != account.id or own is None or own.changes != question.password_changes:
        raise Refused(QUESTION_GONE)
    return await address_changes.request_change(context, account, chosen, request)


async def _take(
    request: AnswerAddressQuestion | AnswerAddressChange, context: RequestContext[Deps]
) -> tuple[AddressQuestion, ValidatedAddress]:
    question = None
    if TOKEN_PATTERN.fullmatch(request.question_id):
        question = await address_question_store.take(context.tx, request.question_id, context.now())
    chosen = None if question is None else question.choice(address_key(request.address))
    if question is None or chosen is None:
        raise Refused(QUESTION_GONE)
    return question, chosen
