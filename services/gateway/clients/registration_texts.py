"""The texts of registration: terms of use and password rules.

The last ones known are used while registration is unavailable: they are only read, since
registration compares the terms that are accepted and validates passwords.
"""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from services.gateway.clients.services import ask
from shared.contracts.registration.requests import DescribePasswordRules, DescribeTerms
from shared.contracts.registration.views import PasswordRulesView, TermsView
from shared.messaging.errors import RequestTimeout, ServiceUnavailable

#: How long the password rules are cached.
RULES_SECONDS = 60


@dataclass
class RegistrationTexts:
    """What was read last: terms by language, and the rules with the loop's time of reading."""

    terms: dict[str, TermsView] = field(default_factory=dict)
    rules: tuple[float, str] | None = None


REGISTRATION_TEXTS = web.AppKey("registration_texts", RegistrationTexts)


async def current_terms(request: web.Request, language: str) -> TermsView:
    """The terms in force."""
    known = request.app[REGISTRATION_TEXTS].terms
    try:
        known[language] = await ask(request, DescribeTerms(language=language), TermsView)
    except (ServiceUnavailable, RequestTimeout):
        if language not in known:
            raise
    return known[language]


async def password_rules_document(request: web.Request) -> str:
    """The password rules, as JSON text."""
    texts, now = request.app[REGISTRATION_TEXTS], asyncio.get_running_loop().time()
    if texts.rules is not None and now - texts.rules[0] < RULES_SECONDS:
        return texts.rules[1]
    try:
        view = await ask(request, DescribePasswordRules(), PasswordRulesView)
    except (ServiceUnavailable, RequestTimeout):
        if texts.rules is None:
            raise
        return texts.rules[1]
    texts.rules = (now, view.document)
    return view.document
