"""Judging what a form brings, before any transaction: names, address, password.

Everything wrong is said at once. A password is hashed only where everything else is right, so what
takes long depends on what was typed and never on what is known of the address (AU-08).
"""

from __future__ import annotations

import asyncio

from services.registration.common_words import ListedWord
from services.registration.deps import Deps
from services.registration.email_addresses import Address, BadAddress, parse_address
from services.registration.email_typos import suggest
from services.registration.passwords import Candidate, Rules, Verdict
from services.registration.zxcvbn_check import is_too_simple
from shared.contracts.base import FieldError, Refusal
from shared.runtime.telemetry import get_logger

log = get_logger("registration")


def judge_address(typed: str, deps: Deps) -> tuple[Address | None, list[FieldError]]:
    """The address, or what is wrong with it."""
    try:
        return parse_address(typed, smtputf8=deps.settings.smtp_utf8), []
    except BadAddress as bad:
        return None, [bad.error]


def likely_slip(address: Address) -> Refusal | None:
    """The refusal that points a likely slip out (G-05); asked only of a form that is right."""
    meant = suggest(address.text)
    return None if meant is None else Refusal(slug="likely_slip", params={"suggestion": meant})


async def judge_password(candidate: Candidate | None, deps: Deps) -> list[FieldError]:
    """Everything wrong with a password; `candidate` is None where it could not be read."""
    if candidate is None:
        return [_error("unreadable")]
    if not candidate.password:
        return [_error("missing")]
    broken = [verdict for verdict in deps.rules.judge(candidate) if not verdict.ok]
    errors = [_error(verdict.code or "", **verdict.params) for verdict in broken]
    if len(candidate.password) <= deps.settings.password_max:
        errors += _listed(deps.lexicon.find(candidate.password), broken, deps.rules)
    # In a thread: zxcvbn takes milliseconds.
    if not errors and await asyncio.to_thread(is_too_simple, candidate.password):
        errors.append(_error("too_simple"))
    return errors


def log_refused(errors: list[FieldError]) -> None:
    """Say which fields were refused and why, without what was typed."""
    log.warning(
        "A form was refused.",
        action="input_validation_fail",
        fields=[f"{error.field}:{error.code}" for error in errors],
    )


def _listed(found: ListedWord | None, broken: list[Verdict], rules: Rules) -> list[FieldError]:
    """A listed word, unless another rule has named the same stretch already."""
    if found is None:
        return []
    word = rules.fold(found.word)
    for verdict in broken:
        named = rules.fold(str(verdict.params.get("word") or verdict.params.get("run") or ""))
        if named and (named in word or word in named):
            return []
    return [_error("listed_word", word=found.word, source=found.source)]


def _error(code: str, **params: str | int) -> FieldError:
    return FieldError(field="password", code=code, params=params)
