"""Requests to registration for an account: form, verification, terms, and help with typing."""

import time
from collections.abc import Callable

from services.gateway.clients.rpc import Client, RpcSender
from shared.contracts.registration.requests import (
    AcceptTerms,
    CancelRequest,
    CorrectAddress,
    DescribeLink,
    DescribePasswordRules,
    DescribeRequest,
    DescribeTerms,
    FindListedWord,
    RequestAccount,
    ResendValidation,
    SuggestAddress,
    VerifyCode,
    VerifyLink,
)
from shared.contracts.registration.views import (
    Done,
    LinkView,
    ListedWordView,
    PasswordRulesView,
    RequestView,
    SuggestionView,
    TermsView,
)
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.security.sealing import Sealer

#: How long the password rules are cached.
RULES_SECONDS = 60


#: The requests of this client.
CALLS = (
    RequestAccount,
    DescribeRequest,
    ResendValidation,
    CorrectAddress,
    VerifyCode,
    DescribeLink,
    VerifyLink,
    DescribeTerms,
    AcceptTerms,
    CancelRequest,
    DescribePasswordRules,
    FindListedWord,
    SuggestAddress,
)


class Registration(Client):
    """Registration: account requests."""

    def __init__(
        self, sender: RpcSender, sealer: Sealer, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(sender, sealer)
        self._monotonic = monotonic
        self._rules: tuple[float, str] | None = None
        self._terms: dict[str, TermsView] = {}

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
    ) -> RequestView:
        """Request an account."""
        request = RequestAccount(
            first_name=first_name,
            last_name=last_name,
            address=address,
            password=self._seal(RequestAccount, "password", password),
            language=language,
            network=network,
            point_out_slip=point_out_slip,
        )
        return await self._ask(request, RequestView, key)

    async def describe(self, request_id: str) -> RequestView:
        """Where a request stands."""
        return await self._ask(DescribeRequest(request_id=request_id), RequestView)

    async def resend(
        self, request_id: str, *, language: str, network: str, key: str
    ) -> RequestView:
        """Send a new code and link."""
        request = ResendValidation(request_id=request_id, language=language, network=network)
        return await self._ask(request, RequestView, key)

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
    ) -> RequestView:
        """Move a request to another address."""
        request = CorrectAddress(
            request_id=request_id,
            address=address,
            password=self._seal(CorrectAddress, "password", password),
            language=language,
            network=network,
            point_out_slip=point_out_slip,
        )
        return await self._ask(request, RequestView, key)

    async def verify_code(self, request_id: str, code: str, *, key: str) -> RequestView:
        """Prove the address by code."""
        sealed = self._seal(VerifyCode, "code", code)
        request = VerifyCode(request_id=request_id, code=sealed)
        return await self._ask(request, RequestView, key)

    async def describe_link(self, token: str, request_id: str | None) -> LinkView:
        """The state of a link in this browser."""
        sealed = self._seal(DescribeLink, "link_token", token)
        request = DescribeLink(link_token=sealed, request_id=request_id)
        return await self._ask(request, LinkView)

    async def verify_link(
        self, token: str, request_id: str | None, password: str | None, *, key: str
    ) -> RequestView:
        """Prove the address by link."""
        request = VerifyLink(
            link_token=self._seal(VerifyLink, "link_token", token),
            request_id=request_id,
            password=self._seal(VerifyLink, "password", password) if password else None,
        )
        return await self._ask(request, RequestView, key)

    async def terms(self, language: str) -> TermsView:
        """The terms in force; the last ones known while registration is unavailable, for reading
        only: registration compares what is accepted.
        """
        try:
            view = await self._ask(DescribeTerms(language=language), TermsView)
        except (ServiceUnavailable, RequestTimeout):
            if language not in self._terms:
                raise
            return self._terms[language]
        self._terms[language] = view
        return view

    async def accept_terms(
        self, request_id: str, *, version: str, sha256: str, language: str, key: str
    ) -> RequestView:
        """Accept the terms that were shown."""
        request = AcceptTerms(
            request_id=request_id,
            terms_version=version,
            terms_sha256=sha256,
            language=language,
        )
        return await self._ask(request, RequestView, key)

    async def cancel(self, request_id: str, *, key: str) -> None:
        """Give a request up."""
        await self._ask(CancelRequest(request_id=request_id), Done, key)

    async def password_rules(self) -> str:
        """The password rules, as JSON text. Read again after a minute; cached while registration is
        unavailable, since they only help with typing: registration validates.
        """
        now = self._monotonic()
        if self._rules is not None and now - self._rules[0] < RULES_SECONDS:
            return self._rules[1]
        try:
            view = await self._ask(DescribePasswordRules(), PasswordRulesView)
        except (ServiceUnavailable, RequestTimeout):
            if self._rules is None:
                raise
            return self._rules[1]
        self._rules = (now, view.document)
        return view.document

    async def listed_word(self, password: str) -> ListedWordView:
        """The listed word in a password."""
        sealed = self._seal(FindListedWord, "password", password)
        return await self._ask(FindListedWord(password=sealed), ListedWordView)

    async def suggestion(self, address: str) -> str | None:
        """A likely slip put right, or None."""
        view = await self._ask(SuggestAddress(address=address), SuggestionView)
        return view.suggestion
