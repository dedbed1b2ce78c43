"""What the form asks while somebody types: the rules, a common word, a likely slip."""

from __future__ import annotations

from services.registration.deps import Deps
from services.registration.email_typos import suggest
from shared.contracts.registration import (
    DescribePasswordRules,
    FindListedWord,
    ListedWordView,
    PasswordRulesView,
    SuggestAddress,
    SuggestionView,
)
from shared.messaging.handlers import RequestContext


async def describe_password_rules(
    request: DescribePasswordRules, context: RequestContext[Deps]
) -> PasswordRulesView:
    """The rules under this operator's policy."""
    return PasswordRulesView(document=context.deps.rules.serve())


async def find_listed_word(
    request: FindListedWord, context: RequestContext[Deps]
) -> ListedWordView:
    """The listed word in a password. Nothing of the password is answered, kept or logged."""
    deps = context.deps
    password = deps.open(request, "password")
    if password is None or len(password) > deps.settings.password_max:
        return ListedWordView()
    found = deps.lexicon.find(password)
    if found is None:
        return ListedWordView()
    return ListedWordView(word=found.word, source=found.source)


async def suggest_address(request: SuggestAddress, context: RequestContext[Deps]) -> SuggestionView:
    """The address that was probably meant."""
    return SuggestionView(suggestion=suggest(request.address))
