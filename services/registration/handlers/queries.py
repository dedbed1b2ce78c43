"""Queries of forms while somebody types: password rules, common words, likely typos."""

import asyncio

from services.registration.common_words import is_too_simple
from services.registration.deps import Deps
from services.registration.email_typos import suggest_correction
from shared.contracts.registration.requests import (
    DescribePasswordRules,
    FindListedWord,
    SuggestAddress,
)
from shared.contracts.registration.views import ListedWordView, PasswordRulesView, SuggestionView
from shared.messaging.handlers import RequestContext


async def describe_password_rules(
    request: DescribePasswordRules, context: RequestContext[Deps]
) -> PasswordRulesView:
    """The password rules under this operator's policy."""
    return PasswordRulesView(document=context.deps.rules.to_json())


async def find_listed_word(
    request: FindListedWord, context: RequestContext[Deps]
) -> ListedWordView:
    """What only the server finds in a password, which is neither returned, stored nor logged."""
    deps = context.deps
    password = deps.open(request, "password")
    if not password or len(password) > deps.settings.password_max:
        return ListedWordView()
    found = deps.common_words.find(password)
    if found is None:
        # In a thread: zxcvbn takes milliseconds.
        return ListedWordView(too_simple=await asyncio.to_thread(is_too_simple, password))
    return ListedWordView(word=found.word, source=found.source)


async def suggest_address(request: SuggestAddress, context: RequestContext[Deps]) -> SuggestionView:
    """The address that was probably meant, or null."""
    return SuggestionView(suggestion=suggest_correction(request.address))
