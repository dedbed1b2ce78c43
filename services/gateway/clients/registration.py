"""Registration, asked for an account: the form, its proof, the terms, and what helps typing."""

from __future__ import annotations

import time
from collections.abc import Callable

from services.gateway.clients.rpc import Asker, Client
from shared.contracts import registration as words
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.security.sealing import Sealer

#: How long the password rules are taken to be the same.
RULES_SECONDS = 60


class Registration(Client):
    """Registration, asked for an account."""

    def __init__(
        self, asker: Asker, sealer: Sealer, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(asker, sealer)
        self._monotonic = monotonic
        self._rules: tuple[float, str] | None = None
        self._terms: dict[str, words.TermsView] = {}

    async def request_account(
        self,
        *,
        first_name: str,
        last_name: str,
        address: str,
        password: str,
        language: str,
        network: str,
        point_out_slip: bool,
        key: str,
    ) -> words.RequestView:
        """Ask for an account."""
        request = words.RequestAccount(
            first_name=first_name,
            last_name=last_name,
            address=address,
            password=self._seal(words.RequestAccount, "password", password),
            language=language,
            network=network,
            point_out_slip=point_out_slip,
        )
        return await self._ask(request, words.RequestView, key)

    async def describe(self, request_id: str) -> words.RequestView:
        """Where a request stands."""
        return await self._ask(words.DescribeRequest(request_id=request_id), words.RequestView)

    async def resend(
        self, request_id: str, *, language: str, network: str, key: str
    ) -> words.RequestView:
        """Send a new code and link."""
        request = words.ResendValidation(request_id=request_id, language=language, network=network)
        return await self._ask(request, words.RequestView, key)

    async def correct_address(
        self,
        request_id: str,
        *,
        address: str,
        password: str,
        language: str,
        network: str,
        point_out_slip: bool,
        key: str,
    ) -> words.RequestView:
        """Move a request to another address."""
        request = words.CorrectAddress(
            request_id=request_id,
            address=address,
            password=self._seal(words.CorrectAddress, "password", password),
            language=language,
            network=network,
            point_out_slip=point_out_slip,
        )
        return await self._ask(request, words.RequestView, key)

    async def verify_code(self, request_id: str, code: str, *, key: str) -> words.RequestView:
        """Prove the address by code."""
        sealed = self._seal(words.VerifyCode, "code", code)
        request = words.VerifyCode(request_id=request_id, code=sealed)
        return await self._ask(request, words.RequestView, key)

    async def describe_link(self, token: str, request_id: str | None) -> words.LinkView:
        """What a link is worth in this browser."""
        sealed = self._seal(words.DescribeLink, "link_token", token)
        request = words.DescribeLink(link_token=sealed, request_id=request_id)
        return await self._ask(request, words.LinkView)

    async def verify_link(
        self, token: str, request_id: str | None, password: str | None, *, key: str
    ) -> words.RequestView:
        """Prove the address by link."""
        request = words.VerifyLink(
            link_token=self._seal(words.VerifyLink, "link_token", token),
            request_id=request_id,
            password=self._seal(words.VerifyLink, "password", password) if password else None,
        )
        return await self._ask(request, words.RequestView, key)

    async def terms(self, language: str) -> words.TermsView:
        """The terms in force; the last ones known while the owner is away, for reading only: it
        compares what is accepted."""
        try:
            view = await self._ask(words.DescribeTerms(language=language), words.TermsView)
        except (ServiceUnavailable, RequestTimeout):
            if language not in self._terms:
                raise
            return self._terms[language]
        self._terms[language] = view
        return view

    async def accept_terms(
        self, request_id: str, *, version: str, sha256: str, language: str, key: str
    ) -> words.RequestView:
        """Accept the terms that were shown."""
        request = words.AcceptTerms(
            request_id=request_id,
            terms_version=version,
            terms_sha256=sha256,
            language=language,
        )
        return await self._ask(request, words.RequestView, key)

    async def cancel(self, request_id: str, *, key: str) -> None:
        """Give a request up."""
        await self._ask(words.CancelRequest(request_id=request_id), words.Done, key)

    async def password_rules(self) -> str:
        """The password rules, as JSON text; asked again after a minute, or kept while the owner is
        away, since they only help: the owner judges."""
        now = self._monotonic()
        if self._rules is not None and now - self._rules[0] < RULES_SECONDS:
            return self._rules[1]
        try:
            view = await self._ask(words.DescribePasswordRules(), words.PasswordRulesView)
        except (ServiceUnavailable, RequestTimeout):
            if self._rules is None:
                raise
            return self._rules[1]
        self._rules = (now, view.document)
        return view.document

    async def listed_word(self, password: str) -> words.ListedWordView:
        """The listed word in a password."""
        sealed = self._seal(words.FindListedWord, "password", password)
        return await self._ask(words.FindListedWord(password=sealed), words.ListedWordView)

    async def suggestion(self, address: str) -> str | None:
        """A likely slip put right, or None."""
        view = await self._ask(words.SuggestAddress(address=address), words.SuggestionView)
        return view.suggestion
