"""Registration on a real database, a mailbox that opens its messages, and requests to it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.registration.service import SERVICE, build
from shared.contracts.registration.events import AccountCreated, AccountRequested, ValidationResent
from shared.contracts.registration.requests import (
    AcceptTerms,
    CorrectAddress,
    DescribeLink,
    RequestAccount,
    ResendValidation,
    SignIn,
    VerifyCode,
    VerifyLink,
)
from shared.contracts.registration.views import RequestView
from shared.database import Pool
from shared.runtime.service import Runtime
from shared.security.sealing import Opener, Sealer, seal_context
from tests.support.harness import service_harness as support
from tests.support.harness.registration_settings import settings
from tests.support.servers.shared_servers import Database

PASSWORD = "Kvfz9rLq"
OTHER_PASSWORD = "Wmqt4xZh"
NETWORK = "192.0.2.0/24"
TABLES = (
    "address_questions",
    "requests",
    "mailed_links",
    "terms_acceptances",
    "accounts",
    "counters",
)
#: A day in the past, so that no test waits for it.
START = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass
class RegistrationHarness(support.ServiceHarness):
    """One registration with a clock of the test's own; `mailbox` opens what is for the mailer."""

    mailbox: Opener = field(kw_only=True)

    async def mailed_secrets(self) -> list[tuple[str, str]]:
        """(code, link token) of every requested message, oldest first."""
        sent = await self.events(AccountRequested, ValidationResent)
        return [
            (
                self.mailbox.open(each.code, seal_context(type(each), "code")),
                self.mailbox.open(each.link_token, seal_context(type(each), "link_token")),
            )
            for each in sent
        ]

    # Requests of users.

    async def request(self, address: str = "pierre@labo.fr", **changes: Any) -> RequestView:
        """Ask for an account."""
        return await self.ask(self.form(address, **changes))

    def form(
        self,
        address: str = "pierre@labo.fr",
        *,
        password: str = PASSWORD,
        first_name: str = "Pierre",
        last_name: str = "Durand",
        network: str = NETWORK,
        language: str = "fr",
    ) -> RequestAccount:
        """The account form."""
        return RequestAccount(
            first_name=first_name,
            last_name=last_name,
            address=address,
            password=self.seal(RequestAccount, "password", password),
            language=language,
            network=network,
        )

    def code(self, request_id: str, code: str) -> VerifyCode:
        """A code typed in."""
        return VerifyCode(request_id=request_id, code=self.seal(VerifyCode, "code", code))

    def link(
        self, token: str, request_id: str | None = None, password: str | None = None
    ) -> VerifyLink:
        """The button of a link's page."""
        kind = VerifyLink
        return kind(
            link_token=self.seal(kind, "link_token", token),
            request_id=request_id,
            password=None if password is None else self.seal(kind, "password", password),
        )

    def open_link(self, token: str, request_id: str | None = None) -> DescribeLink:
        """A link opened."""
        sealed = self.seal(DescribeLink, "link_token", token)
        return DescribeLink(link_token=sealed, request_id=request_id)

    def sign_in(
        self, address: str, password: str, network: str = NETWORK, known: tuple[str, ...] = ()
    ) -> SignIn:
        """The sign-in form, in a browser that is known for these accounts."""
        sealed = self.seal(SignIn, "password", password)
        return SignIn(address=address, password=sealed, network=network, known_accounts=known)

    def correct(
        self, request_id: str, address: str, password: str = PASSWORD, network: str = NETWORK
    ) -> CorrectAddress:
        """The form that corrects an address."""
        return CorrectAddress(
            request_id=request_id,
            address=address,
            password=self.seal(CorrectAddress, "password", password),
            language="fr",
            network=network,
        )

    def resend(self, request_id: str, network: str = NETWORK) -> ResendValidation:
        """« Envoyer un autre message »."""
        return ResendValidation(request_id=request_id, language="fr", network=network)

    def accept(self, request_id: str, language: str = "fr") -> AcceptTerms:
        """« J'accepte », for the terms in force."""
        terms = self.deps.terms[language]
        return AcceptTerms(
            request_id=request_id,
            terms_version=terms.version,
            terms_sha256=terms.sha256,
            language=language,
        )

    async def verified(self, address: str = "pierre@labo.fr", **changes: Any) -> str:
        """A request with a verified address; returns its id."""
        view = await self.request(address, **changes)
        code, _ = (await self.mailed_secrets())[-1]
        await self.ask(self.code(view.request_id, code))
        return view.request_id

    async def account(self, address: str = "pierre@labo.fr", **changes: Any) -> str:
        """An account; returns its id."""
        request_id = await self.verified(address, **changes)
        await self.ask(self.accept(request_id))
        return str((await self.published(AccountCreated))[-1][1])


OpenHarness = Callable[..., AbstractAsyncContextManager[RegistrationHarness]]


@asynccontextmanager
async def open_harness(
    database: Database, pool: Pool, **more: str
) -> AsyncIterator[RegistrationHarness]:
    """A harness on a database whose tables it empties first; `more` are settings."""
    chosen = settings(IMPEX_REGISTRATION_DATABASE_URL=database.url("registration"), **more)
    harness: RegistrationHarness
    runtime = Runtime(pool=pool, clock=lambda: harness.now)
    async with build(runtime, chosen) as deps:
        harness = RegistrationHarness(
            service=SERVICE,
            pool=pool,
            deps=deps,
            now=START,
            sealer=Sealer("registration", chosen.seal_keys),
            mailbox=Opener("mailer", chosen.mailer_keys),
        )
        await harness.clear_tables(*TABLES)
        yield harness
