"""The question which address was meant, after a likely slip (G-05).

It is asked once everything else of the form is right: the password is valid for both addresses and
stored hashed for both. So `address_answers` needs no password.
"""

from services.registration import address_question_store
from services.registration.address_questions import (
    QUESTION_LIFETIME,
    AddressQuestion,
    ValidatedAddress,
)
from services.registration.deps import Deps
from services.registration.email_addresses import EmailAddress, parse_email_address
from services.registration.email_typos import suggest_correction
from services.registration.passwords import Candidate
from services.registration.terms import supported_language
from shared.contracts.base import FieldError, Refusal, Reply
from shared.messaging.handlers import RequestContext
from shared.security.sealing import new_token


def find_meant(typed: EmailAddress, deps: Deps) -> EmailAddress | None:
    """The address that was probably meant instead of a valid one."""
    meant = suggest_correction(typed.text)
    if meant is None:
        return None
    return parse_email_address(meant, smtputf8=deps.settings.smtp_utf8)


def identity_errors(password: str, address: str, deps: Deps) -> list[FieldError]:
    """Parts of an address in a password; every other rule holds already."""
    return [
        FieldError(field="password", code=result.code, params=dict(result.params))
        for result in deps.rules.check(Candidate(password=password, address=address))
        if result.code == "identity"
    ]


async def hash_for(email: EmailAddress, password: str, deps: Deps) -> ValidatedAddress:
    """The address with its password hashed."""
    return ValidatedAddress(email=email, password=await deps.hasher.hash(password, email.key))


async def ask(
    context: RequestContext[Deps],
    typed: ValidatedAddress,
    meant: ValidatedAddress,
    *,
    request_id: str | None = None,
    account_id: str | None = None,
    names: tuple[str, str] = ("", ""),
    language: str = "",
    password_changes: int = 0,
) -> Reply:
    """Store the question, and refuse with it."""
    question = AddressQuestion(
        id=new_token(),
        request_id=request_id,
        account_id=account_id,
        first_name=names[0],
        last_name=names[1],
        language=supported_language(language),
        address=typed.email.text,
        address_key=typed.email.key,
        password_hash=typed.password.text,
        meant_address=meant.email.text,
        meant_address_key=meant.email.key,
        meant_password_hash=meant.password.text,
        pepper_key_id=typed.password.key_id,
        password_changes=password_changes,
        expires_at=context.now() + QUESTION_LIFETIME,
    )
    await address_question_store.add(context.tx, question)
    params: dict[str, str | int] = {"suggestion": meant.email.text, "question": question.id}
    # Not stored: a question is answered once, and the same form later asks another one.
    return context.refuse_for_now(Refusal(slug="likely_slip", params=params))
