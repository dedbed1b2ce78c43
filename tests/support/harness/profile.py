"""The service on a real database, and a clock."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec

from services.profile.service import SERVICE, build
from shared.contracts.base import Event
from shared.contracts.profile.events import EstablishmentCheckDeferred, ProfileSaved
from shared.contracts.profile.requests import DescribeProfile, SaveProfile, ValidateProfile
from shared.contracts.profile.views import ProfileFields, ProfileView, SubmittedFields
from shared.contracts.registration.events import AccountCreated, NameChanged
from shared.database import Pool
from shared.runtime.service import Runtime
from shared.security.sealing import Opener, Sealer, seal_context
from tests.support.harness.profile_forms import FRENCH
from tests.support.harness.profile_settings import settings
from tests.support.harness.service_harness import ServiceHarness, unseal
from tests.support.servers.shared_servers import Database

TABLES = ("profiles", "account_names", "directory_answers")
TERMS = "2026-01"
#: In the past.
START = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass
class ProfileHarness(ServiceHarness):
    """The handlers of the service, and the requests of the gateway."""

    gateway: Opener | None = None
    registration: Opener | None = None
    support: Opener | None = None
    mailer: Opener | None = None

    def form(self, view: ProfileView) -> ProfileFields:
        """The fields of a view, as the gateway opens them."""
        assert self.gateway is not None
        return msgspec.json.decode(unseal(self.gateway, view, "fields"), type=ProfileFields)

    def names(self, event: ProfileSaved) -> tuple[str, str] | None:
        """(first, last) of a `ProfileSaved`, as registration opens them."""
        assert self.registration is not None
        if event.first_name is None or event.last_name is None:
            return None
        kind = ProfileSaved
        return (
            self.registration.open(event.first_name, seal_context(kind, "first_name")),
            self.registration.open(event.last_name, seal_context(kind, "last_name")),
        )

    def save_request(
        self,
        account: str,
        form: ProfileFields = FRENCH,
        terms: str = TERMS,
        based_on: int | None = None,
    ) -> SaveProfile:
        """The request of « Enregistrer »; without `based_on` as a page that does not say."""
        submitted = SubmittedFields(**msgspec.structs.asdict(form), based_on=based_on)
        text = msgspec.json.encode(submitted).decode()
        kind = SaveProfile
        sealed = self.seal(kind, "fields", text)
        return kind(account_id=account, fields=sealed, terms_version=terms)

    async def save(
        self, account: str, form: ProfileFields = FRENCH, terms: str = TERMS
    ) -> ProfileView:
        """« Enregistrer »."""
        view: ProfileView = await self.ask(self.save_request(account, form, terms))
        return view

    async def validate(self, account: str, version: int) -> ProfileView:
        """« Confirmer la validation »."""
        view: ProfileView = await self.ask(ValidateProfile(account_id=account, version=version))
        return view

    async def validated(self, form: ProfileFields = FRENCH) -> str:
        """An account whose profile is validated."""
        account = str(uuid4())
        await self.validate(account, (await self.save(account, form)).version)
        return account

    async def show(self, account: str) -> ProfileView:
        """The profile of an account."""
        view: ProfileView = await self.ask(DescribeProfile(account_id=account))
        return view

    async def account_created(self, account: str, first_name: str, last_name: str) -> None:
        """Handle registration's event of a new account."""
        event = AccountCreated(
            request_id=str(uuid4()),
            address="z.durand@labo.fr",
            first_name=first_name,
            last_name=last_name,
            language="fr",
            terms_version=TERMS,
            terms_accepted_at=self.now,
            created_at=self.now,
            enrol_before=self.now,
        )
        await self.handle_event(event, subject=account)

    async def name_changed(self, account: str, first_name: str, last_name: str, by: str) -> None:
        """Handle registration's event of other names."""
        event = NameChanged(first_name=first_name, last_name=last_name, by=by, changed_at=self.now)
        await self.handle_event(event, subject=account)

    async def deferred(self) -> list[tuple[str | None, EstablishmentCheckDeferred]]:
        """(account, event) of deferred lookups, oldest first."""
        return await self.account_events(EstablishmentCheckDeferred)

    async def account_events(self, *kinds: type[Event]) -> list[tuple[str | None, Any]]:
        """(account, event), oldest first."""
        return [(subject, event) for _, subject, event in await self.published(*kinds)]


def warnings_of(view: ProfileView) -> list[tuple[str, str]]:
    """(field, code) of the warnings."""
    return [(one.field, one.code) for one in view.warnings]


OpenHarness = Callable[..., AbstractAsyncContextManager[ProfileHarness]]


@asynccontextmanager
async def open_harness(
    database: Database,
    pool: Pool,
    now: datetime = START,
    *,
    keep_tables: bool = False,
    **changes: str,
) -> AsyncIterator[ProfileHarness]:
    """The service on a database whose tables it empties first, unless `keep_tables`, with `changes`
    to the settings."""
    chosen = settings(IMPEX_PROFILE_DATABASE_URL=database.url("profile"), **changes)
    harness = ProfileHarness(
        service=SERVICE,
        pool=pool,
        now=now,
        sealer=Sealer("profile", chosen.seal_keys),
        gateway=Opener("gateway", chosen.gateway_keys),
        registration=Opener("registration", chosen.registration_keys),
        support=Opener("support", chosen.support_keys),
        mailer=Opener("mailer", chosen.mailer_keys),
    )
    runtime = Runtime(pool=pool, clock=harness.clock)
    if not keep_tables:
        await harness.clear_tables(*TABLES)
    async with build(runtime, chosen) as deps:
        harness.deps = deps
        yield harness
