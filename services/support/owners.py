"""Asks the owners of what is held about people: each may be away.

Nothing of the answers is stored. An owner that does not answer in time is added to the set `away`,
and its answer is None: the others stand.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec

from services.support.account_search import Guess
from shared.contracts import dossiers_desk, gateway_desk, mailer_desk
from shared.contracts.account_search import AccountRecordsView, FoundAccountsView
from shared.contracts.base import Reply, Request, Sealed
from shared.contracts.mailer_operations import (
    ListOperatorMails,
    OperatorMailsView,
    OperatorMailView,
    ShowOperatorMail,
)
from shared.contracts.mfa.requests import DescribeFactor
from shared.contracts.mfa.views import FactorView
from shared.contracts.operations import (
    LettersView,
    LetterView,
    ListLetters,
    QueuesView,
    ReadQueues,
    ShowLetter,
    TrialView,
    TryLetter,
)
from shared.contracts.profile import desk as profile
from shared.contracts.profile.acts import CheckCorrection
from shared.contracts.registration import desk as registration
from shared.contracts.settings import DESCRIBE_SETTINGS, SettingRow, SettingsView
from shared.domain.account_records import open_records
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger
from shared.security.sealing import Opener, Sealer, seal_context

#: Two rounds of questions fit into the time that the desk waits for its answer.
TIMEOUT_SECONDS = 1.2
#: The broker's statistics are asked for on the way.
OPERATIONS_SECONDS = 2.0
#: A letter is looked for, and tried.
TRIAL_SECONDS = 2.7
#: Profile may ask the directory of companies about a new SIRET.
CHECK_SECONDS = 1.6
#: What owners are asked: support declares these.
ASKS: tuple[type[Request], ...] = (
    registration.SearchAccounts,
    registration.DescribeAccounts,
    registration.ListDormantAccounts,
    profile.SearchAccounts,
    profile.DescribeAccounts,
    dossiers_desk.SearchAccounts,
    dossiers_desk.DescribeLatestDossiers,
    mailer_desk.ListAccountMails,
    gateway_desk.ListAccountSessions,
    DescribeFactor,
    CheckCorrection,
    ReadQueues,
    ListLetters,
    ShowLetter,
    TryLetter,
    ListOperatorMails,
    ShowOperatorMail,
    *DESCRIBE_SETTINGS.values(),
)

R = TypeVar("R", bound=Reply)
S = TypeVar("S", bound=msgspec.Struct)

log = get_logger("support")


class Sender(Protocol):
    """Sends requests: `shared.messaging`'s RpcClient."""

    async def ask(
        self, request: Request, *, idempotency_key: str | None = None, timeout: float = 3.0
    ) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Owners:
    """The owners, with what seals for each and opens their answers. `sender` is made when it is
    first needed: a process without a broker asks nobody."""

    sender: Callable[[], Sender]
    opener: Opener
    sealers: Mapping[str, Sealer]

    async def search(self, guess: Guess, away: set[str]) -> FoundAccountsView | None:
        """Accounts that match one thing that a text may be; None where its owner is away, or
        refuses the text."""
        if guess.kind == "dossier":
            numbered = dossiers_desk.SearchAccounts(number=guess.text)
            return await self._ask(numbered, FoundAccountsView, away)
        if guess.kind in (registration.BY_ADDRESS, registration.BY_NAME):
            request = self._sealed(registration.SearchAccounts, guess)
        else:
            request = self._sealed(profile.SearchAccounts, guess)
        return await self._ask(request, FoundAccountsView, away)

    async def describe_accounts(
        self, ids: Sequence[str], away: set[str]
    ) -> dict[str, registration.AccountRecord]:
        """What registration holds about accounts, by id."""
        request = registration.DescribeAccounts(account_ids=tuple(ids))
        records = await self._records(request, registration.AccountRecord, away)
        return {record.account_id: record for record in records or ()}

    async def dormant_accounts(
        self, outcome: str, limit: int, offset: int, away: set[str]
    ) -> tuple[registration.DormantAccountsView, list[registration.DormantAccountRecord]] | None:
        """A page of the accounts that nobody signs in to, with the counts of every outcome."""
        request = registration.ListDormantAccounts(outcome=outcome, limit=limit, offset=offset)
        view = await self._ask(request, registration.DormantAccountsView, away)
        if view is None:
            return None
        records = AccountRecordsView(records=view.records)
        return view, open_records(self.opener, records, registration.DormantAccountRecord)

    async def describe_profiles(
        self, ids: Sequence[str], away: set[str]
    ) -> dict[str, profile.ProfileRecord]:
        """What profile holds about accounts, by id."""
        request = profile.DescribeAccounts(account_ids=tuple(ids))
        records = await self._records(request, profile.ProfileRecord, away)
        return {record.account_id: record for record in records or ()}

    async def mails(
        self, account_id: str, since: datetime, away: set[str]
    ) -> list[mailer_desk.MailRecord] | None:
        """The mails of an account since then."""
        request = mailer_desk.ListAccountMails(account_id=account_id, since=since)
        return await self._records(request, mailer_desk.MailRecord, away)

    async def sessions(
        self, account_id: str, away: set[str]
    ) -> tuple[gateway_desk.SessionRecord, ...] | None:
        """The open sessions of an account."""
        request = gateway_desk.ListAccountSessions(account_id=account_id)
        view = await self._ask(request, gateway_desk.AccountSessionsView, away)
        return None if view is None else view.sessions

    async def dossiers(
        self, account_id: str, limit: int, away: set[str]
    ) -> dossiers_desk.LatestDossiersView | None:
        """The latest dossiers of an account."""
        request = dossiers_desk.DescribeLatestDossiers(account_id=account_id, limit=limit)
        return await self._ask(request, dossiers_desk.LatestDossiersView, away)

    async def factor(self, account_id: str, away: set[str]) -> FactorView | None:
        """The second factor of an account."""
        return await self._ask(DescribeFactor(account_id=account_id), FactorView, away)

    async def settings(self, away: set[str]) -> dict[str, tuple[SettingRow, ...]]:
        """What every other service runs with, by its name."""
        asked = [one() for one in DESCRIBE_SETTINGS.values()]
        views = await asyncio.gather(*(self._ask(one, SettingsView, away) for one in asked))
        found = zip(DESCRIBE_SETTINGS, views, strict=True)
        return {service: view.rows for service, view in found if view is not None}

    async def queues(self) -> QueuesView | None:
        """What waits on the broker; None where nobody can say."""
        return await self._ask(ReadQueues(), QueuesView, set(), OPERATIONS_SECONDS)

    async def letters(self, place: str) -> LettersView | None:
        """The letters of a place; None where nobody can say."""
        return await self._ask(ListLetters(place=place), LettersView, set(), OPERATIONS_SECONDS)

    async def letter(self, place: str, service: str, fault: str, code: str) -> LetterView | None:
        """One letter. Raises the `Refused` of operations."""
        message = ShowLetter(place=place, service=service, fault=fault, letter=code)
        return await self._ask_or_refuse(message, LetterView)

    async def try_letter(self, service: str, code: str, by: str) -> TrialView | None:
        """What would become of a letter. Raises the `Refused` of operations."""
        return await self._ask_or_refuse(TryLetter(service=service, letter=code, by=by), TrialView)

    async def operator_mails(
        self, state: str, to: Sealed | None, since: datetime | None
    ) -> OperatorMailsView | None:
        """Mails that were not accepted; None where the mailer does not answer."""
        message = ListOperatorMails(state=state, to=to, since=since)
        return await self._ask(message, OperatorMailsView, set())

    async def operator_mail(self, mail_id: str) -> OperatorMailView | None:
        """One mail. Raises the `Refused` of the mailer."""
        return await self._ask_or_refuse(ShowOperatorMail(mail_id=mail_id), OperatorMailView)

    async def _ask_or_refuse(self, request: Request, kind: type[R]) -> R | None:
        try:
            answer = await self.sender().ask(request, timeout=TRIAL_SECONDS)
        except (RequestTimeout, ServiceUnavailable):
            return None
        assert isinstance(answer, kind), f"{request.TYPE} is not answered with {kind.__name__}"
        return answer

    async def check_correction(
        self, account_id: str, changes: Mapping[str, str], away: set[str]
    ) -> None:
        """Have profile judge a correction. Raises its `Refused`."""
        text = msgspec.json.encode(changes).decode()
        sealed = self.sealers["profile"].seal(text, seal_context(CheckCorrection, "changes"))
        request = CheckCorrection(account_id=account_id, changes=sealed)
        try:
            await self.sender().ask(request, timeout=CHECK_SECONDS)
        except (RequestTimeout, ServiceUnavailable):
            away.add(request.OWNER)

    def _sealed(
        self,
        kind: type[registration.SearchAccounts] | type[profile.SearchAccounts],
        guess: Guess,
    ) -> Request:
        text = self.sealers[kind.OWNER].seal(guess.text, seal_context(kind, "text"))
        return kind(kind=guess.kind, text=text)

    async def _records(self, request: Request, kind: type[S], away: set[str]) -> list[S] | None:
        view = await self._ask(request, AccountRecordsView, away)
        return None if view is None else open_records(self.opener, view, kind)

    async def _ask(
        self, request: Request, kind: type[R], away: set[str], seconds: float = TIMEOUT_SECONDS
    ) -> R | None:
        try:
            answer = await self.sender().ask(request, timeout=seconds)
        except Refused as refused:
            log.info(
                "An owner refused a question of the desk.",
                action="owner_refused",
                type=request.TYPE,
                reason=refused.refusal.slug,
            )
            return None
        except (RequestTimeout, ServiceUnavailable):
            away.add(request.OWNER)
            return None
        assert isinstance(answer, kind), f"{request.TYPE} is not answered with {kind.__name__}"
        return answer
