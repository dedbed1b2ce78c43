"""Validation of forms before any transaction: address and password.

All errors are reported at once. A password is hashed only where everything else is right, so the
time a form takes depends on what was typed and not on what is stored (AU-08).
"""

import asyncio

from services.registration.common_words import ListedWord, is_too_simple
from services.registration.deps import Deps
from services.registration.email_addresses import (
    EmailAddress,
    InvalidEmailAddress,
    parse_email_address,
)
from services.registration.passwords import Candidate, PasswordRules, RuleResult
from shared.contracts.base import FieldError, Refusal
from shared.runtime.telemetry import get_logger

log = get_logger("registration")


def validate_address(typed: str, deps: Deps) -> tuple[EmailAddress | None, list[FieldError]]:
    """The address, or the error of its field."""
    try:
        return parse_email_address(typed, smtputf8=deps.settings.smtp_utf8), []
    except InvalidEmailAddress as bad:
        return None, [bad.error]


async def validate_password(
    password: str | None, deps: Deps, *, first_name: str, last_name: str, address: str
) -> list[FieldError]:
    """All errors of a new password for this person; None is one that could not be decrypted."""
    if password is None:
        return [_error("unreadable")]
    if not password:
        return [_error("missing")]
    candidate = Candidate(
        password=password, first_name=first_name, last_name=last_name, address=address
    )
    broken = [result for result in deps.rules.check(candidate) if not result.ok]
    errors = [_error(result.code or "", **result.params) for result in broken]
    if len(password) <= deps.settings.password_max:
        errors += _listed_word_errors(deps.common_words.find(password), broken, deps.rules)
    # In a thread: zxcvbn takes milliseconds.
    if not errors and await asyncio.to_thread(is_too_simple, password):
        errors.append(_error("too_simple"))
    return errors


def invalid_fields(errors: list[FieldError]) -> Refusal:
    """The refusal for wrong fields; they are logged by their codes, never what was typed."""
    log.warning(
        "A form was refused.",
        action="input_validation_fail",
        fields=[f"{error.field}:{error.code}" for error in errors],
    )
    return Refusal(slug="invalid_fields", errors=tuple(errors))


def _listed_word_errors(
    found: ListedWord | None, broken: list[RuleResult], rules: PasswordRules
) -> list[FieldError]:
    """The error for a listed word, unless another rule reported the same part."""
    if found is None:
        return []
    word = rules.fold(found.word)
    for result in broken:
        named = rules.fold(str(result.params.get("word") or result.params.get("run") or ""))
        if named and (named in word or word in named):
            return []
    return [_error("listed_word", word=found.word, source=found.source)]


def _error(code: str, **params: str | int) -> FieldError:
    return FieldError(field="password", code=code, params=params)
